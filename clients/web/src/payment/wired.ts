import { daemonPort, pairing } from "@countersign/pages";
import { fromHex } from "@countersign/protocol";
import {
  type CoreConnection,
  type KeyPlace,
  openCore,
  openDaemon,
  type PairedDaemon,
  type Pinned,
  webAuthnKey,
} from "@countersign/sdk/browser";
import type { BankSession } from "../bank/bank.ts";
import type { Way } from "./payment.ts";

/** The daemon of this PC, at the port that was chosen in this browser. */
export function daemonHere(): PairedDaemon {
  return openDaemon({ port: daemonPort(), pairing });
}

/** The core of the bank; `token`: a grant, or nothing where a confirmation token is at hand. */
export function coreOf({ core }: BankSession, token: string | undefined, onSilence: () => void): CoreConnection {
  return openCore({ address: core, token, onSilence });
}

/** What answers and receipts are checked against, as the bank's own page brought it. */
export function pinnedOf({ serverId, coreKeys }: BankSession): Pinned {
  return { serverId, publicKeys: coreKeys.map(fromHex) };
}

/** What signs. */
export function placeOf(way: Way, askCode: (signal: AbortSignal) => Promise<string | undefined>): KeyPlace {
  return way === "daemon" ? daemonHere() : webAuthnKey({ place: navigator.credentials, askCode });
}

/** Nothing signs: for a payment of which only the end is still to be learnt. */
export const NO_KEY: KeyPlace = {
  async *sign(_request, signal) {
    await new Promise<void>((resolve) => {
      if (signal?.aborted === true) resolve();
      else signal?.addEventListener("abort", () => resolve(), { once: true });
    });
  },
  verifyUser: () => Promise.resolve(""),
  answer: () => Promise.resolve(false),
};
