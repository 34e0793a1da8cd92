// A mail server that keeps what it gets and sends nothing on. Strict: what is out of order or form is refused, so that a
// benchmark cannot count a mail that no server would have taken. RFC 5321, without extensions.
import { createServer, type Server, type Socket } from "node:net";
import { once } from "node:events";
import type { AddressInfo } from "node:net";

/** To one recipient. */
export interface Mail {
  readonly to: string;
  /** The body as people read it, without the last line break. */
  readonly text: string;
}

/** Where a session stands, or the data of a mail so far. */
type Stage = "greeted" | "ready" | "mail" | "rcpt" | "data";

const PATH = /^<([!-;=?-~]+@[!-;=?-~]+)>$/;

/** One client's commands and the answers to them; no line has its line break. */
export class SmtpSession {
  readonly #take: (mail: Mail) => void;
  #stage: Stage = "greeted";
  #to = "";
  #data: string[] = [];

  constructor(take: (mail: Mail) => void) {
    this.#take = take;
  }

  /** The answer to one line; undefined: none is due. After 221 the client is let go. */
  answer(line: string): string | undefined {
    if (this.#stage === "data") return this.#dataLine(line);
    const [verb, rest] = split(line);
    switch (verb.toUpperCase()) {
      case "EHLO":
      case "HELO":
        this.#stage = "ready";
        return "250 sink";
      case "MAIL":
        return this.#path("ready", "mail", /^FROM:/i, rest);
      case "RCPT":
        return this.#path("mail", "rcpt", /^TO:/i, rest);
      case "DATA":
        if (this.#stage !== "rcpt") return OUT_OF_ORDER;
        this.#stage = "data";
        this.#data = [];
        return "354 go on";
      case "QUIT":
        return "221 bye";
      default:
        return "502 not here";
    }
  }

  #path(from: Stage, next: Stage, name: RegExp, rest: string): string {
    if (this.#stage !== from) return OUT_OF_ORDER;
    const address = PATH.exec(rest.replace(name, ""))?.[1];
    if (!name.test(rest) || address === undefined) return "501 no path";
    if (next === "rcpt") this.#to = address;
    this.#stage = next;
    return "250 so be it";
  }

  #dataLine(line: string): string | undefined {
    if (line !== ".") {
      this.#data.push(line.startsWith(".") ? line.slice(1) : line);
      return undefined;
    }
    this.#stage = "ready";
    try {
      this.#take({ to: this.#to, text: textOf(this.#data) });
      return "250 kept";
    } catch (error) {
      return `554 ${error instanceof Error ? error.message : "no mail"}`;
    }
  }
}

const OUT_OF_ORDER = "503 out of order";

function split(line: string): [verb: string, rest: string] {
  const space = line.indexOf(" ");
  return space === -1 ? [line, ""] : [line.slice(0, space), line.slice(space + 1)];
}

/** The text of a mail of one part; throws when it is none. */
export function textOf(lines: readonly string[]): string {
  const empty = lines.indexOf("");
  if (empty === -1) throw new Error("a mail has an empty line after its header");
  const headers = new Map(
    lines.slice(0, empty).map((line) => {
      const colon = line.indexOf(":");
      if (colon < 1) throw new Error("a header has a name and a colon");
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  const body = lines.slice(empty + 1);
  const encoding = headers.get("content-transfer-encoding")?.toLowerCase() ?? "7bit";
  if (!headers.get("content-type")?.startsWith("text/plain")) throw new Error("only text/plain is read");
  if (encoding === "7bit") return body.join("\n").trimEnd();
  if (encoding !== "base64") throw new Error("only 7bit and base64 are read");
  return Buffer.from(body.join(""), "base64").toString("utf8").trimEnd();
}

/** Listens on a free port of loopback. */
export class SmtpSink {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** The newest mail to each address. */
  readonly #mails = new Map<string, string>();

  private constructor() {
    this.#server = createServer((socket) => this.#serve(socket));
  }

  static async listen(): Promise<SmtpSink> {
    const sink = new SmtpSink();
    sink.#server.listen(0, "127.0.0.1");
    await once(sink.#server, "listening");
    return sink;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** The text of the newest mail to this address, once; throws when there is none. */
  take(to: string): string {
    const text = this.#mails.get(to);
    if (text === undefined) throw new Error(`no mail to ${to} came`);
    this.#mails.delete(to);
    return text;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
    socket.on("error", () => socket.destroy());
    const session = new SmtpSession(({ to, text }) => this.#mails.set(to, text));
    let rest = "";
    socket.setEncoding("utf8").on("data", (chunk: string) => {
      const lines = (rest + chunk).split("\r\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        const answer = session.answer(line);
        if (answer !== undefined) socket.write(`${answer}\r\n`);
        if (answer?.startsWith("221")) socket.end();
      }
    });
    socket.write("220 sink\r\n");
  }
}
