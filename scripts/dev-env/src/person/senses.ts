// Where a person errs: between eyes and display, between finger and keypad. The person does not know; he only sees
// afterwards what the key and the phone make of it.
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import type { Screen } from "./key-in-hand.ts";
import type { Message } from "./phone-in-hand.ts";
import { readMessage } from "./read-message.ts";

/** An HTTP address that passes everything to another one, changed on the way. */
export interface Sense {
  readonly url: string;
  close(): void;
}

/** The finger slips once: the last digit of the first code that is typed comes out as its neighbour. */
export async function slippingFinger(keyUrl: string): Promise<Sense> {
  let slipped = false;
  let typed = 0;
  return between(keyUrl, {
    request: async (path, body) => {
      if (path !== "/press" || slipped) return body;
      const { key } = JSON.parse(body) as { key: string };
      const screen = (await (await fetch(`${keyUrl}/screen`)).json()) as { page: string };
      if (screen.page !== "code" || !/^\d$/.test(key)) return body;
      typed += 1;
      if (typed < 6) return body;
      slipped = true;
      return JSON.stringify({ key: String((Number(key) + 1) % 10) });
    },
  });
}

/** The eyes swap once: at the first look that shows two prompts, each code is read under the other one. */
export async function swappingEyes(phoneUrl: string): Promise<Sense> {
  let swapped = false;
  const code = /^(Code: )([\d ]+)$/m;
  return between(phoneUrl, {
    answer: (path, body) => {
      if (!path.startsWith("/messages") || swapped) return body;
      const chat = JSON.parse(body) as { messages: { text: string }[] };
      const prompts = chat.messages.filter((message) => code.test(message.text));
      const [one, other] = prompts;
      if (one === undefined || other === undefined) return body;
      swapped = true;
      const [first, second] = [one, other].map((message) => code.exec(message.text)?.[2] ?? "");
      one.text = one.text.replace(code, `$1${second}`);
      other.text = other.text.replace(code, `$1${first}`);
      return JSON.stringify(chat);
    },
  });
}

/**
 * The eyes wait: a new code is read once `may` says so. A person can be faster than what is told of the message that he
 * reads, and what is asked of the order of both needs a slow one.
 */
export async function patientEyes(phoneUrl: string, may: () => boolean): Promise<Sense> {
  const old = new Set(codesIn(await (await fetch(`${phoneUrl}/messages`)).text()));
  const leaving = new AbortController();
  const sense = await between(phoneUrl, {
    answer: async (path, body) => {
      if (!path.startsWith("/messages") || codesIn(body).every((code) => old.has(code))) return body;
      while (!may()) await sleep(20, undefined, { signal: leaving.signal });
      return body;
    },
  });
  const close = (): void => {
    leaving.abort();
    sense.close();
  };
  return { url: sense.url, close };
}

function codesIn(body: string): string[] {
  const { messages } = JSON.parse(body) as { messages: readonly Message[] };
  return messages.flatMap((message) => readMessage(message)?.code ?? []);
}

/** Somebody looks over the person's shoulder: sees every screen of the key that the person looks at. */
export async function overTheShoulder(keyUrl: string, see: (screen: Screen) => void): Promise<Sense> {
  return between(keyUrl, {
    answer: (path, body) => {
      if (path.startsWith("/screen")) see(JSON.parse(body) as Screen);
      return body;
    },
  });
}

interface Change {
  readonly request?: (path: string, body: string) => Promise<string>;
  readonly answer?: (path: string, body: string) => string | Promise<string>;
}

async function between(target: string, change: Change): Promise<Sense> {
  const pass = async (request: IncomingMessage): Promise<{ status: number; body: string }> => {
    const path = request.url ?? "/";
    const sent = await text(request);
    const body = change.request === undefined ? sent : await change.request(path, sent);
    const withBody = request.method === "POST" ? { body, headers: { "content-type": "application/json" } } : {};
    const response = await fetch(`${target}${path}`, { method: request.method ?? "GET", ...withBody });
    const answered = await response.text();
    return { status: response.status, body: (await change.answer?.(path, answered)) ?? answered };
  };
  // A connection is its client's to close: one that the server closed as idle could have the next press on its way.
  const server: Server = createServer({ keepAliveTimeout: 0 }, (request, response) => {
    pass(request).then(
      ({ status, body }) => response.writeHead(status, { "content-type": "application/json" }).end(body),
      () => response.writeHead(502).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
