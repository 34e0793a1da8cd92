import type { ClientClass } from "@countersign/protocol";
import type { SignRequest, Step } from "@countersign/proto/web/device/v1/device_service";
import { ownContent } from "../own-content.ts";
import type { OpenTransaction } from "../transaction-view.ts";
import type { PageCore, Submitted } from "./page-core.ts";
import type { PageDaemon } from "./page-daemon.ts";

/** What happens while a transaction is at a key. */
export type PageProgress =
  /** The key waits for this. */
  | { readonly type: "step"; readonly step: Step }
  /** It signed; the core is told. */
  | { readonly type: "signed"; readonly rejected: boolean }
  /** The core took it. What became of it is the watch's to tell. */
  | { readonly type: "taken" }
  /** The core did not; after TRY_AGAIN the key is asked again. */
  | { readonly type: "refused"; readonly class: ClientClass };

/** So often at most: tries and resent codes of the strictest policy fit in. */
const MOST_ROUNDS = 10;
/** How often one statement is handed in while the core is busy. It gets the same verdict each time. */
const MOST_SUBMITS = 10;

interface TakeGiven {
  readonly daemon: PageDaemon;
  readonly core: PageCore;
  /** Aborting stops the key. */
  readonly signal: AbortSignal;
  /** How the page calls itself; the daemon names its origin whatever it says. */
  readonly requester: string;
  /** Which local key; "": the only one. */
  readonly deviceId?: string;
  /** Waits before a statement is handed in again, in milliseconds. */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
}

/**
 * Has a key of this PC sign a transaction and hands in what it signed. Ends after what the core took, or refused for good;
 * rejects as the page's client of the daemon does. The key shows the lines itself: the page is not believed.
 */
export async function* takeToDaemon(open: OpenTransaction, given: TakeGiven): AsyncGenerator<PageProgress, void> {
  const began = performance.now();
  for (let round = 0; round < MOST_ROUNDS && !given.signal.aborted; round += 1) {
    const request = signRequest(open, given, open.lifetimeMs - (performance.now() - began));
    let signed: Submitted | undefined;
    for await (const { event } of given.daemon.sign(request, given.signal)) {
      if (event?.$case === "step") yield { type: "step", step: event.value };
      if (event?.$case === "signed") {
        signed = { type: "statement", signedStatement: event.value.signedStatement };
        yield { type: "signed", rejected: event.value.rejected };
      }
      if (event?.$case === "assertion") {
        signed = { type: "assertion", assertion: event.value };
        yield { type: "signed", rejected: false };
      }
    }
    if (signed === undefined) throw new Error("the key gave no answer");
    const refused = await submit(signed, given);
    if (refused === undefined) return yield { type: "taken" };
    yield { type: "refused", class: refused };
    if (refused !== "TRY_AGAIN") return;
  }
}

function signRequest(open: OpenTransaction, given: TakeGiven, leftMs: number): Partial<SignRequest> {
  const { serverId, transactionId, nonce, mode, keyIds, fido, lines } = open;
  return {
    ...{
      deviceId: given.deviceId ?? "",
      requester: given.requester,
      serverId,
      transactionId,
      keyIds: [...keyIds],
      nonce,
    },
    content: ownContent(lines, open),
    mode: mode === 1 || mode === 2 || mode === 3 ? mode : 0,
    expiresInS: Math.min(600, Math.max(1, Math.floor(leftMs / 1000))),
    rpId: fido?.rpId ?? "",
    fidoCredentials: (fido?.credentials ?? []).map(({ keyId, credentialId }) => ({ keyId, credentialId })),
  };
}

/** undefined: taken. */
async function submit(signed: Submitted, { core, pause, signal }: TakeGiven): Promise<ClientClass | undefined> {
  for (let tries = 1; ; tries += 1) {
    try {
      await core.submit(signed);
      return undefined;
    } catch (error) {
      const refused = core.classOf(error);
      if (refused === undefined) throw error;
      if (refused !== "BUSY" || tries === MOST_SUBMITS) return refused;
      await pause(1_000, signal);
      if (signal.aborted) return refused;
    }
  }
}
