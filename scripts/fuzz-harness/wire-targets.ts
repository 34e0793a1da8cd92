// Inputs that go over the wire to a core of its own. Each target answers what became of one input: a status, or why it
// is a finding.
import { Agent, request as httpRequest } from "node:http";
import { connect, type ClientHttp2Session } from "node:http2";
import { REQUESTS } from "@countersign/proto/wire-schema";
import { ATTACKS, type Target } from "./http2/attacks.ts";
import { Flag, frame, FrameType, headerBlock } from "../testing/src/http2/frame.ts";
import { RawConnection } from "../testing/src/http2/raw-connection.ts";
import { PERMISSION } from "../../core/server/src/rpc/permission.ts";
import type { Installed } from "./installation.ts";
import { mutate } from "./mutate.ts";
import type { OwnCore } from "./own-core.ts";
import { anyRequest } from "./proto-message.ts";
import type { SeededRandom } from "./random.ts";

/** One way in. */
export interface WireTarget {
  readonly name: string;
  /** At a time. */
  readonly atATime: number;
  /** Sends one input; resolves with the gRPC status, or "none" where there is none to be had. */
  send(random: SeededRandom): Promise<string>;
  close(): void;
}

const ATTACH = "/countersign.channel.v1.ChannelService/Attach";
const STREAM = /\/(Watch\w*|ClaimNext|Attach)$/;
const UNARY = Object.keys(REQUESTS).filter((path) => path.startsWith("/countersign.core.") && !STREAM.test(path));
const CALL_WITHIN_MS = 60_000;

export function wireTargets(core: OwnCore, installed: Installed): WireTarget[] {
  return [new GrpcTarget(core, installed), new WebTarget(core, installed), new BotTarget(core), new FrameTarget(core)];
}

function framed(message: Uint8Array): Buffer {
  const bytes = Buffer.alloc(5 + message.length);
  bytes.writeUInt32BE(message.length, 1);
  bytes.set(message, 5);
  return bytes;
}

/** Calls on one connection at a time, which is opened anew when the core has ended it. */
class Sessions {
  readonly #address: string;
  #session: ClientHttp2Session | undefined;

  constructor(address: string) {
    this.#address = address;
  }

  /** Sends the body whole; resolves with grpc-status, "none" where the call ended without one. */
  call(path: string, token: string, body: Uint8Array): Promise<string> {
    const session = this.#open();
    const headers = { ":method": "POST", ":path": path, "content-type": "application/grpc", te: "trailers" };
    const stream = session.request({ ...headers, authorization: `Bearer ${token}` });
    let status = "none";
    const take = (found: NodeJS.Dict<string | string[]>): void => {
      if (typeof found["grpc-status"] === "string") status = found["grpc-status"];
    };
    stream.on("response", take);
    stream.on("trailers", take);
    stream.on("error", () => undefined);
    stream.setTimeout(CALL_WITHIN_MS, () => {
      status = "silent";
      stream.close();
    });
    stream.resume();
    stream.end(body);
    return new Promise((resolve) => stream.once("close", () => resolve(status)));
  }

  #open(): ClientHttp2Session {
    if (this.#session !== undefined && !this.#session.closed && !this.#session.destroyed) return this.#session;
    this.#session = connect(`http://${this.#address}`);
    this.#session.on("error", () => undefined);
    this.#session.on("goaway", () => this.#session?.close());
    return this.#session;
  }

  close(): void {
    this.#session?.destroy();
  }
}

/** Every RPC by every kind of caller; mostly one whole message, sometimes a body that is none. */
class GrpcTarget implements WireTarget {
  readonly name = "grpc";
  readonly atATime = 32;
  readonly #sessions: Sessions;
  readonly #installed: Installed;

  constructor(core: OwnCore, installed: Installed) {
    this.#sessions = new Sessions(core.address);
    this.#installed = installed;
  }

  send(random: SeededRandom): Promise<string> {
    const { known, tokens } = this.#installed;
    const path = random.one(UNARY);
    const body = framed(anyRequest(random, REQUESTS[path] ?? "", known));
    // Mostly one who may call it: what he sends gets further.
    const kinds = random.below(8) === 0 ? Object.keys(tokens) : (PERMISSION[path] ?? []);
    const token = tokens[random.one(kinds)] ?? "";
    return this.#sessions.call(path, token, random.below(32) === 0 ? mutate(random, body, [body]) : body);
  }

  close(): void {
    this.#sessions.close();
  }
}

/** The same from pages: bodies, base64 bodies, and heads that are not quite right. */
class WebTarget implements WireTarget {
  readonly name = "grpc-web";
  readonly atATime = 16;
  readonly #core: OwnCore;
  readonly #installed: Installed;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 16 });

  constructor(core: OwnCore, installed: Installed) {
    this.#core = core;
    this.#installed = installed;
  }

  send(random: SeededRandom): Promise<string> {
    const { known, tokens } = this.#installed;
    const path = random.one(UNARY);
    const body = framed(anyRequest(random, REQUESTS[path] ?? "", known));
    const bytes = random.below(4) === 0 ? mutate(random, body, [body]) : body;
    const isText = random.below(4) === 0;
    const token = tokens[random.one(["confirmation", "submit", "nobody"])] ?? "";
    const headers: Record<string, string> = {
      "content-type": isText ? "application/grpc-web-text+proto" : "application/grpc-web+proto",
      authorization: `Bearer ${token}`,
    };
    if (random.below(8) === 0) headers["origin"] = random.one([this.#core.origin, "null", "https://evil.example"]);
    if (random.below(16) === 0) headers["grpc-timeout"] = random.one(["1n", "0m", "99999999H", "1", "-1S"]);
    return this.#post(path, headers, isText ? Buffer.from(bytes.toString("base64")) : bytes);
  }

  #post(path: string, headers: Record<string, string>, body: Buffer): Promise<string> {
    const [host = "", port] = this.#core.webAddress.split(":");
    return new Promise((resolve) => {
      const asked = httpRequest({ host, port, path, method: "POST", headers, agent: this.#agent }, (response) => {
        let text = "";
        response.setEncoding("latin1").on("data", (chunk: string) => (text += chunk));
        response.on("close", () => resolve(statusIn(response.statusCode ?? 0, text)));
      });
      asked.setTimeout(CALL_WITHIN_MS, () => asked.destroy());
      asked.on("error", () => resolve("none"));
      asked.end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

function statusIn(code: number, text: string): string {
  if (code !== 200) return `http ${code}`;
  const plain = text.includes("grpc-status") ? text : Buffer.from(text, "base64").toString("latin1");
  return /grpc-status:([0-9]+)/.exec(plain)?.[1] ?? "none";
}

/** What a bot may say: a few messages a stream, of which the first is most often a greeting. */
class BotTarget implements WireTarget {
  readonly name = "bot";
  readonly atATime = 8;
  readonly #sessions: Sessions;
  readonly #token: string;

  constructor(core: OwnCore) {
    this.#sessions = new Sessions(core.address);
    this.#token = core.tokens.bot;
  }

  send(random: SeededRandom): Promise<string> {
    const known = ["telegram", "1000000", "1000001", "0".repeat(32), "x"];
    const hello = Buffer.from("\x0a\x0a\x0a\x08telegram", "latin1");
    const messages = Array.from({ length: random.below(5) }, () => anyRequest(random, REQUESTS[ATTACH] ?? "", known));
    if (random.below(8) > 0) messages.unshift(hello);
    return this.#sessions.call(ATTACH, this.#token, Buffer.concat(messages.map(framed)));
  }

  close(): void {
    this.#sessions.close();
  }
}

/** Frames of HTTP/2 that no client of good will writes. What comes back says nothing: whether the core lives, does. */
class FrameTarget implements WireTarget {
  readonly name = "frames";
  readonly atATime = 8;
  readonly #target: Target;
  readonly #samples: readonly Buffer[];

  constructor({ address }: OwnCore) {
    this.#target = { address, path: "/countersign.core.v1.UserService/Get" };
    this.#samples = ATTACKS.filter(({ name }) => name !== "endless-message").map((one) => one.piece(this.#target, 0));
  }

  async send(random: SeededRandom): Promise<string> {
    const raw = await RawConnection.open(this.#target.address, { greet: random.below(16) > 0, from: "127.0.0.2" });
    const frames = Array.from({ length: 1 + random.below(30) }, () => this.#frame(random));
    await raw.write(Buffer.concat(frames));
    // One that is well formed shows that all before it was read, or that the core has ended the connection.
    await raw.write(frame(FrameType.PING, 0, 0, Buffer.alloc(8)));
    const end = performance.now() + 20;
    while (raw.isOpen && raw.received(FrameType.PING) === 0 && performance.now() < end) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    raw.destroy();
    return "none";
  }

  #frame(random: SeededRandom): Buffer {
    if (random.below(2) === 0) return mutate(random, random.one(this.#samples), this.#samples);
    const type = random.below(16) === 0 ? random.below(256) : random.below(10);
    const stream = random.one([0, 1, 2, 3, 5, 99, 2 ** 31 - 1]);
    const block = headerBlock([[":path", this.#target.path]]);
    const payload = random.below(2) === 0 ? random.bytes(random.below(64)) : block;
    return frame(
      type,
      random.below(4) === 0 ? random.below(256) : random.one([0, ...Object.values(Flag)]),
      stream,
      payload,
    );
  }

  close(): void {}
}
