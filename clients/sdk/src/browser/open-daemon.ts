import {
  PairRequest,
  PairResponse,
  UnpairRequest,
  UnpairResponse,
} from "@countersign/proto/web/device/v1/pairing_service";
import { ask } from "../call.ts";
import { CoreError } from "../core-error.ts";
import { daemonOver } from "../daemon-calls.ts";
import { GrpcCode } from "../grpc-code.ts";
import type { DaemonConnection } from "../key-place.ts";
import type { CallOf, Method, Port } from "../port.ts";
import { Token } from "../token.ts";
import { webPort } from "./web-port.ts";

/** Where the daemon listens unless its user chose another port. */
export const DAEMON_PORT = 7411;

/** Where a page keeps the token of its pairing: localStorage, say. It is worth something on this machine alone. */
export interface PairingStore {
  read(): string | undefined;
  write(token: string | undefined): void;
}

/** How a page reaches the daemon of the PC that it is on. */
export interface DaemonOptions {
  readonly port?: number | undefined;
  readonly pairing: PairingStore;
}

/**
 * The daemon as a page has it: what it asks is refused until its user has paired the page. Errors are KeyErrors, and
 * CoreErrors with the reasons NO_DAEMON (nobody listens), NOT_PAIRED (pair first, or again), TOO_MANY_PAIRINGS and NO_PROMPT.
 */
export interface PairedDaemon extends DaemonConnection {
  /** This page was paired once; the daemon may have forgotten it since. */
  readonly wasPaired: boolean;
  /** Pairs: `show` is given the six digits that the user compares with those of the daemon's own prompt. */
  pair(show: (digits: string) => void, signal: AbortSignal): Promise<void>;
  /** Ends the pairing, here also where the daemon cannot be reached. */
  unpair(): Promise<void>;
}

const PAIRING = "/countersign.device.v1.PairingService";
const PAIR: Method<PairRequest, PairResponse> = {
  ...{ path: `${PAIRING}/Pair`, request: PairRequest, response: PairResponse },
};
const UNPAIR: Method<UnpairRequest, UnpairResponse> = {
  ...{ path: `${PAIRING}/Unpair`, request: UnpairRequest, response: UnpairResponse },
};

const UNPAIR_MS = 10_000;

/** Nothing is sent yet. */
export function openDaemon({ port = DAEMON_PORT, pairing }: DaemonOptions): PairedDaemon {
  const bare = asDaemon(webPort(`http://127.0.0.1:${port}`));
  const connection = daemonOver(paired(bare, pairing), () => undefined);
  return {
    ...connection,
    get wasPaired() {
      return pairing.read() !== undefined;
    },
    async pair(show: (digits: string) => void, signal: AbortSignal) {
      for await (const { event } of bare.stream(PAIR, PairRequest.create(), { token: undefined, signal })) {
        if (event?.$case === "compareCode") show(event.value);
        if (event?.$case === "token") return pairing.write(event.value);
      }
      throw new CoreError(GrpcCode.UNAVAILABLE, "the daemon ended the pairing without a token", NO_DAEMON);
    },
    async unpair() {
      const token = tokenIn(pairing);
      pairing.write(undefined);
      const given = { token, deadlineMs: UNPAIR_MS, patienceMs: 0 };
      if (token !== undefined) await ask(bare, UNPAIR, UnpairRequest.create(), given);
    },
  };
}

const NO_DAEMON = { reason: "NO_DAEMON" };

function tokenIn(pairing: PairingStore): Token | undefined {
  const kept = pairing.read();
  return kept === undefined ? undefined : new Token(kept);
}

/** Nobody at that port is another matter than a core that is away. */
function asDaemon(port: Port): Port {
  return translating(port, (error) => {
    if (!(error instanceof CoreError) || !error.isOutage || error.code !== GrpcCode.UNAVAILABLE) return error;
    return new CoreError(error.code, "no device daemon answers on this computer", NO_DAEMON);
  });
}

/** Every call goes with the token of the pairing; one that the daemon ended is forgotten here, too. */
function paired(port: Port, pairing: PairingStore): Port {
  const noting = translating(port, (error) => {
    if (error instanceof CoreError && error.reason === "NOT_PAIRED") pairing.write(undefined);
    return error;
  });
  return {
    unary: (method, request, of) => noting.unary(method, request, { ...of, token: tokenIn(pairing) }),
    stream: (method, request, of) => noting.stream(method, request, { ...of, token: tokenIn(pairing) }),
  };
}

function translating(port: Port, translate: (error: unknown) => unknown): Port {
  return {
    async unary(method, request, of) {
      try {
        return await port.unary(method, request, of);
      } catch (error) {
        throw translate(error);
      }
    },
    async *stream<Request, Response>(method: Method<Request, Response>, request: Request, of: CallOf) {
      try {
        yield* port.stream(method, request, of);
      } catch (error) {
        throw translate(error);
      }
    },
  };
}
