import { setTimeout as sleep } from "node:timers/promises";
import type { Said } from "./meant.ts";

/** What a person sees of the key: its rows of text (none on a key without display) and lights. */
export interface Screen {
  readonly page: string;
  readonly rows: readonly string[];
  readonly lights: { readonly pin: boolean; readonly code: boolean; readonly busy: boolean };
  readonly version: number;
}

/** The key in the person's hand: eyes on the screen, fingers on the keypad. */
export class KeyInHand {
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  /** The screen now, or, with `after`, once it has changed from that version (or after half a minute). */
  async look(after: number | undefined, signal: AbortSignal): Promise<Screen> {
    const query = after === undefined ? "" : `?after=${after}`;
    const response = await fetch(`${this.#url}/screen${query}`, { signal });
    return (await response.json()) as Screen;
  }

  async press(key: string): Promise<void> {
    await actOnKey(this.#url, "/press", { key });
  }

  async type(digits: string): Promise<void> {
    for (const digit of digits) await this.press(digit);
    await this.press("ok");
  }
}

/** One act at the key's control server, again for as long as the page has just changed: a person looks before he presses. */
export async function actOnKey(url: string, path: string, body: object): Promise<number> {
  const headers = { "content-type": "application/json" };
  const request = { method: "POST", headers, body: JSON.stringify(body) };
  for (;;) {
    const response = await fetch(url + path, request);
    const { taken } = (await response.json()) as { taken?: boolean };
    if (taken !== false) return response.status;
    await sleep(20);
  }
}

/**
 * What one transaction page says: its number, label, the part of the value on it, the tag, and the key that turns it. On
 * two rows kind, issuer and tag have pages of their own: label is "" there, and tag is "" on every other page.
 */
export interface ReadPage extends Said {
  readonly number: number;
  readonly tag: string;
  readonly turn: "next" | "ok";
}

/**
 * Reads a transaction page: `1/4 PAY  Acme Bank`, label, value, tag, keys. A long issuer has a row of its own, set to
 * the right; a long value says which part this is beside its label ("Reference 2/3").
 */
export function readPage(rows: readonly string[]): ReadPage {
  if (rows.length === 2) return readSmallPage(rows);
  const [head = "", ...rest] = rows;
  const body = rest.slice(0, -2);
  const [label = "", ...value] = body[0]?.startsWith(" ") ? body.slice(1) : body;
  return {
    number: Number.parseInt(head, 10),
    label: label.trim().replace(/ \d+\/\d+$/, ""),
    value: value.join(" ").trim(),
    tag: rest.at(-2)?.trim() ?? "",
    turn: rest.at(-1)?.includes("OK") === true ? "ok" : "next",
  };
}

// `4/9 Reference  ▶` above a piece of the value; kinds are written in capitals.
function readSmallPage([head = "", row = ""]: readonly string[]): ReadPage {
  const [, number = "", name = ""] = /^(\d+)(?:\/\d+)? (.*?) *▶? *$/.exec(head) ?? [];
  const isLine = name !== "Tag" && name !== name.toUpperCase();
  return {
    number: Number(number),
    label: isLine ? name : "",
    value: isLine ? row.trim() : "",
    tag: name === "Tag" ? row.trim() : "",
    turn: "next",
  };
}
