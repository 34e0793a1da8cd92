import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { afterEach, expect, test } from "@jest/globals";
import { KeyInHand } from "./key-in-hand.ts";
import { act } from "./person.ts";
import { PhoneInHand } from "./phone-in-hand.ts";

const LINES: readonly (readonly [string, string])[] = [
  ["To", "Blumen Krause"],
  ["Amount", "EUR 1.00"],
  ["Reference", "Flowers"],
];
const PIN = "271828";

type Place = "idle" | "signed" | "pin" | number;

/**
 * A key whose host asks for something at the very moment at which its owner presses OK under what was signed before: the
 * first page of what is asked now is turned, and he has not seen it.
 */
class HastyKey {
  /** What he did in the end: the digits that he typed as PIN, or "reject". */
  readonly decided: Promise<string>;
  readonly #decide: (what: string) => void;
  readonly #lines: typeof LINES;
  #at: Place = "idle";
  #version = 1;
  #changed = Promise.withResolvers<void>();
  #typed = "";

  constructor(lines: typeof LINES) {
    this.#lines = lines;
    ({ promise: this.decided, resolve: this.#decide } = Promise.withResolvers<string>());
  }

  /** The screen once it is newer than this. */
  async screen(after: number): Promise<object> {
    if (this.#at === "idle" && after > 0) this.#show("signed");
    while (this.#version <= after) await this.#changed.promise;
    const lights = { pin: false, code: false, busy: false };
    return { version: this.#version, lights, ...this.#drawn() };
  }

  press(key: string): void {
    if (key === "reject") this.#decide(key);
    if (this.#at === "pin") this.#pressAtPin(key);
    else this.#turn(typeof this.#at === "number" ? this.#at : 0, key);
  }

  #pressAtPin(key: string): void {
    if (key === "back") this.#show(this.#lines.length - 1);
    else if (key === "ok" && this.#typed !== "") this.#decide(this.#typed);
    else if (key !== "ok") this.#typed += key;
  }

  #turn(page: number, key: string): void {
    if (key === "back") this.#show(Math.max(0, page - 1));
    else if (key === "ok" || key === "next") this.#show(page + 1 === this.#lines.length ? "pin" : page + 1);
  }

  #show(at: Place): void {
    this.#at = at;
    this.#version += 1;
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }

  #drawn(): { readonly page: string; readonly rows: readonly string[] } {
    if (typeof this.#at !== "number") return { page: this.#at, rows: [this.#at] };
    const [label = "", value = ""] = this.#lines[this.#at] ?? [];
    const head = `${this.#at + 1}/${this.#lines.length} PAY     Acme Bank`;
    return { page: "pages", rows: [head, label, value, "", "AMBER TIGER", "X reject       next \u25B6"] };
  }
}

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function serve(key: HastyKey): Promise<string> {
  const server = createServer((request, response) => {
    void answer(key, request).then((body) => response.end(JSON.stringify(body)));
  }).listen(0, "127.0.0.1");
  servers.push(server);
  await new Promise((resolve) => server.once("listening", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** The key; and a phone that stays empty. */
async function answer(key: HastyKey, request: IncomingMessage): Promise<object> {
  const url = new URL(request.url ?? "/", "http://key");
  if (url.pathname === "/messages") return { version: 1, messages: [] };
  if (url.pathname === "/screen") return key.screen(Number(url.searchParams.get("after") ?? "0"));
  key.press((JSON.parse(await text(request)) as { key: string }).key);
  return { taken: true };
}

test.each([
  ["several pages", LINES],
  ["one page", LINES.slice(0, 1)],
])(
  "what a late OK has turned unread, of %s, is gone back to and read before the PIN is typed",
  async (_name, lines) => {
    const hasty = new HastyKey(lines);
    const url = await serve(hasty);
    const [key, phone] = [new KeyInHand(url), new PhoneInHand(url)];
    const meant = lines.map((line) => line.join(": ")).join("\n");
    const leaving = new AbortController();
    const sitting = act({ meant, pin: PIN, temper: "careful", key, phone }, leaving.signal).catch((error: unknown) => {
      if (!leaving.signal.aborted) throw error;
    });
    const decided = await Promise.race([hasty.decided, sitting]);
    leaving.abort();
    await sitting;
    expect(decided).toBe(PIN);
  },
);
