import type { OutgoingHttpHeaders, ServerResponse } from "node:http";
import type { StatusObject } from "@grpc/grpc-js";
import { messageFrame, trailersFrame } from "./frame.ts";
import { PROTO, TEXT_PROTO } from "./rules.ts";
import { trailerLines } from "./status.ts";

/** The answer to one call: any number of messages, then one status. */
export class Reply {
  readonly #response: ServerResponse;
  readonly #headers: OutgoingHttpHeaders;
  readonly #text: boolean;
  #ended = false;

  constructor(response: ServerResponse, headers: OutgoingHttpHeaders, text: boolean) {
    this.#response = response;
    this.#headers = { ...headers, "content-type": text ? TEXT_PROTO : PROTO, "cache-control": "no-store" };
    this.#text = text;
  }

  /** A status was sent. */
  get ended(): boolean {
    return this.#ended;
  }

  /** A status was sent, or nobody is there to take one. */
  get over(): boolean {
    return this.#ended || this.#response.destroyed;
  }

  /** Sends the head now, so that the caller knows that it is attached. Later calls do nothing. */
  open(): void {
    if (this.over || this.#response.headersSent) return;
    this.#response.writeHead(200, this.#headers);
    this.#response.flushHeaders();
  }

  /** Sends a message of a stream; `taken` is called once there is room for the next one, or nobody to take it. */
  message(bytes: Uint8Array, taken: () => void): void {
    const response = this.#response;
    this.open();
    if (this.over || response.write(this.#encoded(messageFrame(bytes)))) {
      taken();
      return;
    }
    const next = (): void => {
      response.off("drain", next).off("close", next);
      taken();
    };
    response.on("drain", next).on("close", next);
  }

  /** Ends the answer, a unary one with its message. Only the first end counts. */
  end(status: StatusObject, message?: Uint8Array): void {
    if (this.over) return;
    this.#ended = true;
    const trailers = trailersFrame(trailerLines(status));
    const rest = message === undefined ? [trailers] : [messageFrame(message), trailers];
    const body = this.#encoded(Buffer.concat(rest));
    if (!this.#response.headersSent) {
      this.#response.writeHead(200, { ...this.#headers, "content-length": body.length });
    }
    this.#response.end(body);
  }

  #encoded(bytes: Buffer): Buffer {
    return this.#text ? Buffer.from(bytes.toString("base64"), "latin1") : bytes;
  }
}
