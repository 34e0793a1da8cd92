import { Phase as ProtoPhase, type Deliver, type Notice } from "@countersign/proto/node/channel/v1/channel_service";
import { Mode, type Kind, type Label } from "@countersign/proto/node/core/v1/content";
import { ChannelError } from "../channel-error.ts";
import { Secret } from "../secret.ts";
import { dateOf } from "./timestamp.ts";

/** A Deliver of the core, checked, with the code behind a Secret. */
export interface Delivery {
  readonly deliveryId: string;
  readonly peerId: string;
  readonly phase: "notice" | "full" | "outcome" | "alert";
  readonly replaces: string | undefined;
  readonly notAfter: Date | undefined;
  readonly locale: string;
  readonly phrase: string;
  readonly issuer: string;
  readonly tag: string;
  readonly kind: Kind;
  /** Undefined for messages about no transaction. */
  readonly mode: "A" | "B" | "C" | undefined;
  /** Empty in mode A, whatever came: what the mode hides ends here. */
  readonly lines: readonly { readonly label: Label; readonly value: string }[];
  readonly code: Secret | undefined;
  readonly expiresAt: Date | undefined;
  readonly actionRef: string;
  readonly notice: Notice | undefined;
  readonly codeEntryOnHost: boolean;
  /** Bound when the chat was linked; empty: none. */
  readonly peerIdentity: string;
  /** Of an approval: who asks for it; empty: the user himself. */
  readonly requestedBy: string;
}

/** A user's name, as the core takes it. */
export const USER: RegExp = /^[A-Za-z0-9._@+-]{1,64}$/;

const MODES = { [Mode.A]: "A", [Mode.B]: "B", [Mode.C]: "C" } as const;

const PHASES = {
  [ProtoPhase.NOTICE]: "notice",
  [ProtoPhase.FULL]: "full",
  [ProtoPhase.OUTCOME]: "outcome",
  [ProtoPhase.ALERT]: "alert",
} as const;

// Would add a line, hide one or turn the reading direction in the chat. The core refuses these at Create; a message
// that holds one all the same is not shown.
const UNSHOWABLE = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}\uFFFD]/u;

/** Whether a text may stand in a chat message as one line. */
export function isShowable(text: string): boolean {
  return !UNSHOWABLE.test(text);
}

/**
 * Reads a Deliver. Throws ChannelError (permanent, malformed-delivery) for what no right core sends: a phase FULL
 * without code or expiry, a code in another phase, unshowable text, modes B and C without lines.
 */
export function readDelivery(deliver: Deliver): Delivery {
  const phase = PHASES[deliver.phase as keyof typeof PHASES];
  const mode = MODES[deliver.mode as keyof typeof MODES];
  const lines = mode === "A" ? [] : deliver.lines.map(({ label, value }) => ({ label, value }));
  const texts = [deliver.phrase, deliver.issuerName, deliver.tag, ...lines.map((line) => line.value)];
  const full = phase === "full";
  const wellFormed =
    phase !== undefined &&
    deliver.deliveryId !== "" &&
    deliver.peerId !== "" &&
    texts.every(isShowable) &&
    (full ? /^[0-9]{6,10}$/.test(deliver.code) : deliver.code === "") &&
    (!full || (deliver.expiresAt !== undefined && mode !== undefined && (mode === "A" || lines.length > 0))) &&
    /^[!-~]{0,24}$/.test(deliver.actionRef) &&
    /^[!-~]{0,128}$/.test(deliver.peerIdentity) &&
    (deliver.requestedBy === "" || USER.test(deliver.requestedBy));
  if (!wellFormed) throw new ChannelError({ fate: "permanent", detail: "malformed-delivery" });
  return {
    deliveryId: deliver.deliveryId,
    peerId: deliver.peerId,
    phase,
    replaces: deliver.providerId === "" ? undefined : deliver.providerId,
    notAfter: dateOf(deliver.notAfter),
    locale: deliver.locale,
    phrase: deliver.phrase,
    issuer: deliver.issuerName,
    tag: deliver.tag,
    kind: deliver.kind,
    mode,
    lines,
    code: full ? new Secret("code", deliver.code) : undefined,
    expiresAt: dateOf(deliver.expiresAt),
    actionRef: deliver.actionRef,
    notice: deliver.notice,
    codeEntryOnHost: deliver.codeEntryOnHost,
    peerIdentity: deliver.peerIdentity,
    requestedBy: deliver.requestedBy,
  };
}
