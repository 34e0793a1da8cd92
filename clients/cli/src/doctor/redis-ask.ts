// Asks a Redis server a few questions. No client library: the command would carry it for one check of one host.
import { connect as connectPlain, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";

const PATIENCE_MS = 5_000;
const MOST_BYTES = 1 << 20;

/** One server, and how it is reached. */
export interface RedisPlace {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  /** PEM of the authority of its certificate. */
  readonly ca: string | undefined;
}

/** A refusal is an answer, too. */
export type RedisReply = string | number | null | Error | readonly RedisReply[];

/** Sends the commands one behind the other; a reply for each. Rejects when the server is away or speaks something else. */
export function askRedis(place: RedisPlace, commands: readonly (readonly string[])[]): Promise<RedisReply[]> {
  return new Promise((resolve, reject) => {
    const { host, port, ca } = place;
    const ready = (): void => void socket.write(commands.map(encode).join(""));
    const socket: Socket = place.tls
      ? connectTls({ host, port, ...(ca === undefined ? {} : { ca }), servername: host }, ready)
      : connectPlain({ host, port }, ready);
    const end = (work: () => void): void => {
      clearTimeout(timer);
      socket.destroy();
      work();
    };
    const timer = setTimeout(() => end(() => reject(new Error("it does not answer"))), PATIENCE_MS);
    let read = Buffer.alloc(0);
    socket.on("data", (chunk: Buffer) => {
      read = Buffer.concat([read, chunk]);
      const replies = repliesIn(read);
      if (replies === "nonsense" || read.length > MOST_BYTES) end(() => reject(new Error("it is no Redis")));
      else if (replies.length >= commands.length) end(() => resolve(replies));
    });
    socket.once("error", (error: NodeJS.ErrnoException) => end(() => reject(new Error(error.code ?? error.message))));
    socket.once("close", () => end(() => reject(new Error("it hangs up"))));
  });
}

function encode(words: readonly string[]): string {
  return `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join("")}`;
}

function repliesIn(bytes: Buffer): RedisReply[] | "nonsense" {
  const replies: RedisReply[] = [];
  for (let at = 0; at < bytes.length;) {
    const one = replyAt(bytes, at);
    if (one === "nonsense") return one;
    if (one === undefined) break;
    replies.push(one.reply);
    at = one.next;
  }
  return replies;
}

type Parsed = { readonly reply: RedisReply; readonly next: number } | "nonsense" | undefined;

/** RESP 2. Undefined: more has to come. */
function replyAt(bytes: Buffer, at: number): Parsed {
  const end = bytes.indexOf("\r\n", at);
  if (end < 0) return undefined;
  const [sign, text, next] = [bytes.toString("latin1", at, at + 1), bytes.toString("utf8", at + 1, end), end + 2];
  if (sign === "+") return { reply: text, next };
  if (sign === "-") return { reply: new Error(text), next };
  if (!/^-?\d{1,9}$/.test(text)) return "nonsense";
  const count = Number(text);
  if (sign === ":") return { reply: count, next };
  if (sign !== "$" && sign !== "*") return "nonsense";
  if (count < 0) return { reply: null, next };
  if (sign === "*") return listAt(bytes, next, count);
  if (bytes.length < next + count + 2) return undefined;
  return { reply: bytes.toString("utf8", next, next + count), next: next + count + 2 };
}

function listAt(bytes: Buffer, from: number, count: number): Parsed {
  const list: RedisReply[] = [];
  let next = from;
  while (list.length < count) {
    const one = replyAt(bytes, next);
    if (one === undefined || one === "nonsense") return one;
    list.push(one.reply);
    next = one.next;
  }
  return { reply: list, next };
}
