// grpc-js does not pass on how many streams a client may reset; Node tells of every stream that is closed.
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { constants, type Http2Session, type ServerHttp2Stream } from "node:http2";
import type { Socket } from "node:net";
import { Blame } from "./blame.ts";
import type { ConnectionObserver } from "./connection-observer.ts";
import { networkOf } from "./network.ts";
import {
  allowance,
  bytesWaste,
  CONNECTION_WASTE,
  moreOfConnection,
  NO_WASTE,
  STREAM_WASTE,
  type Waste,
  WASTE_BYTES,
} from "./waste.ts";

const CREATED = "http2.server.stream.created";
const CLOSED = "http2.server.stream.close";
/** Who does not take the GOAWAY keeps no connection by that. */
const GRACE_MS = 1000;
/** Bytes are counted as often: what comes between is some megabytes at most, as Node reads. */
const COUNT_MS = 50;

/** Nobody reads it: one for all. */
const tooMany = new Error("Too many streams came to nothing.");

interface Account {
  readonly network: string;
  readonly socket: Socket;
  waste: Waste;
  /** A call on it had an answer. */
  isUsed: boolean;
  /** It was ended as a flood. */
  isEnded: boolean;
  /** Streams that were closed since bytes were counted last. */
  streams: number;
  /** Bytes that were counted. */
  bytes: number;
}

/** Ends connections whose streams come to nothing, and knows where such come from. */
export class FloodGuard {
  readonly #blame = new Blame();
  /** By both ends, as TLS hides the socket that was watched. */
  readonly #accounts = new Map<string, Account>();
  readonly #ofSession = new WeakMap<Http2Session, Account>();
  readonly #maxStreams: number;
  readonly #told: ConnectionObserver | undefined;
  readonly #now: () => number;
  readonly #counting: NodeJS.Timeout;

  constructor(maxStreams: number, told?: ConnectionObserver, now: () => number = () => performance.now()) {
    this.#maxStreams = maxStreams;
    this.#told = told;
    this.#now = now;
    this.#counting = setInterval(this.countBytes, COUNT_MS).unref();
    subscribe(CREATED, this.#onCreated);
    subscribe(CLOSED, this.#onClosed);
  }

  /** From when it is let in until it closes. */
  watch(socket: Socket): void {
    const key = ends(socket);
    const network = networkOf(socket.remoteAddress ?? "");
    const account = { network, socket, waste: NO_WASTE, isUsed: false, isEnded: false, streams: 0, bytes: 0 };
    this.#accounts.set(key, account);
    socket.once("close", () => {
      this.#accounts.delete(key);
      // When its streams are closed, too: a stream that was open until then was of use.
      setImmediate(() => {
        if (!account.isUsed) this.#blame.charge(account.network, CONNECTION_WASTE, this.#now());
      });
    });
  }

  /** Whether floods came from there lately. */
  isBlamed(network: string): boolean {
    return this.#blame.isBlamed(network, this.#now());
  }

  /** Ends all connections that are watched. */
  endAll(): void {
    for (const { socket } of this.#accounts.values()) socket.destroy();
  }

  close(): void {
    clearInterval(this.#counting);
    unsubscribe(CREATED, this.#onCreated);
    unsubscribe(CLOSED, this.#onClosed);
  }

  // This and the next for every stream of the process: one that is answered must cost nothing. Neither may throw.
  #onCreated = (message: unknown): void => {
    const { session } = (message as { readonly stream: ServerHttp2Stream }).stream;
    // Found as long as its socket knows both ends.
    if (session === undefined || this.#ofSession.has(session)) return;
    const account = this.#accounts.get(ends(session.socket));
    if (account !== undefined) this.#ofSession.set(session, account);
  };

  #onClosed = (message: unknown): void => {
    const { stream } = message as { readonly stream: ServerHttp2Stream };
    const { session } = stream;
    if (session === undefined) return;
    const account = this.#ofSession.get(session);
    if (account === undefined) return;
    account.streams += 1;
    // Ended with its connection: no sign of anything but that it was answered.
    if (session.destroyed || account.socket.destroyed) account.isUsed ||= stream.headersSent;
    else if (stream.rstCode === constants.NGHTTP2_NO_ERROR && stream.headersSent) account.isUsed = true;
    // Reset by either end, or, with a code that says otherwise, before there was an answer.
    else if (this.#isTooMuch(account, STREAM_WASTE)) this.#end(account, session);
  };

  /** Bytes that became no call, which Node tells nobody of: heads that are too long, messages that go on and on. */
  countBytes = (): void => {
    for (const account of this.#accounts.values()) {
      const pieces = Math.floor((account.socket.bytesRead - account.bytes) / WASTE_BYTES);
      const waste = bytesWaste(pieces, account.streams);
      account.bytes += pieces * WASTE_BYTES;
      account.streams = 0;
      if (waste > 0 && !account.isEnded && this.#isTooMuch(account, waste)) this.#end(account);
    }
  };

  #isTooMuch(account: Account, waste: number): boolean {
    const now = this.#now();
    account.waste = moreOfConnection(account.waste, waste, now);
    const network = this.#blame.charge(account.network, waste, now);
    return account.waste.amount > allowance(this.#maxStreams, network);
  }

  #end(account: Account, session?: Http2Session): void {
    const { network, socket } = account;
    account.isEnded = true;
    this.#blame.blame(network, this.#now());
    this.#told?.curbed("ended");
    if (session === undefined) return void socket.destroy();
    // At once, so that what was read with it and not looked at makes no more streams.
    session.destroy(tooMany, constants.NGHTTP2_ENHANCE_YOUR_CALM);
    const timer = setTimeout(() => socket.destroy(), GRACE_MS);
    socket.once("close", () => clearTimeout(timer));
  }
}

function ends({ localPort, remoteAddress, remotePort }: Http2Session["socket"]): string {
  return `${localPort} ${remoteAddress} ${remotePort}`;
}
