import { MAX_EXPIRES_IN_S, type Present, Status } from "@countersign/key-protocol";
import { Mode as WireMode } from "@countersign/proto/node/core/v1/content";
import type { SignRequest, SignResponse } from "@countersign/proto/node/device/v1/device_service";
import {
  Decision,
  decodeStatement,
  equalBytes,
  MAX_CONTENT,
  Mode,
  parseSigned,
  ProtocolError,
  SignatureType,
} from "@countersign/protocol";
import { signWithFido } from "../fido/sign-with-fido.ts";
import { LinkError } from "../hid/link-error.ts";
import { KeyRefusal } from "../key/key-refusal.ts";
import type { KeySession } from "../key/smart-key.ts";
import { Failure } from "./failure.ts";
import { chooseKey } from "./choose-key.ts";
import type { Given } from "./given.ts";
import type { Caller } from "./handlers.ts";
import type { OpenSign } from "./open-signs.ts";
import { blobField, bytesField, idField } from "./request-fields.ts";
import { stepOf } from "./steps.ts";

type PresentRequest = Omit<Present, "subcommand">;
type Asked = Omit<PresentRequest, "keyId" | "expiresInS"> & {
  readonly keyIds: readonly Uint8Array[];
  readonly endsAt: number;
};
type Send = (message: SignResponse) => void;

const MAX_KEY_IDS = 16;

/**
 * Sign: waits for the key's turn, lets it show and sign, streams what it waits for. The request goes to the key once per
 * credential that it does not have, and once for the one it has: never again after that.
 */
export async function sign(given: Given, request: SignRequest, caller: Caller, send: Send): Promise<void> {
  const fidoIds = new Set(request.fidoCredentials.map(({ keyId }) => keyId));
  const isForCountersign = fidoIds.size === 0 || request.keyIds.some((keyId) => !fidoIds.has(keyId));
  const accepted = { fido2: fidoIds.size > 0, countersign: isForCountersign };
  const chosen = chooseKey(given.registry, request.deviceId, accepted);
  if (chosen.kind === "fido2") return signWithFido(given, request, caller, chosen.keys, send);
  const asked = readRequest(request, fidoIds);
  const attached = chosen.key;
  const kept = takeSession(given, request.session, attached);
  const ended = new AbortController();
  const open: OpenSign = {
    client: caller.client,
    transactionId: request.transactionId,
    hasKeypad: attached.info.keypad,
    cancel: () => ended.abort(new Failure("KEY_REFUSED", "cancelled", { metadata: { status: "CANCELLED" } })),
  };
  given.signs.add(open);
  given.log.info({ deviceId: attached.deviceId, requester: request.requester.slice(0, 64) }, "asked to sign");
  const signal = AbortSignal.any([caller.signal, ended.signal]);
  try {
    const signed = await attached.queue.run(signal, async () => {
      const session = kept ?? (await attached.key.open());
      open.session = session;
      return present(session, asked, signal, send);
    });
    send({
      event: { $case: "signed", value: { signedStatement: Buffer.from(signed), rejected: checkSigned(signed, asked) } },
    });
  } finally {
    given.signs.remove(open);
  }
}

function takeSession(
  given: Given,
  name: string,
  attached: Parameters<Given["sessions"]["take"]>[1],
): KeySession | undefined {
  if (name === "") return undefined;
  const session = given.sessions.take(name, attached);
  if (session === undefined) {
    throw new Failure("NOT_AWAITED", "the session of VerifyUser has lapsed or was used; verify again", {
      field: "session",
    });
  }
  return session;
}

async function present(session: KeySession, asked: Asked, signal: AbortSignal, send: Send): Promise<Uint8Array> {
  const { keyIds, endsAt, ...rest } = asked;
  const watch = {
    signal,
    onStep: (step: Parameters<typeof stepOf>[0]) => send({ event: { $case: "step", value: stepOf(step) } }),
  };
  let refusal: unknown;
  for (const keyId of keyIds) {
    const expiresInS = Math.ceil((endsAt - performance.now()) / 1000);
    if (expiresInS < 1) throw new KeyRefusal({ status: Status.USER_TIMEOUT });
    try {
      return await session.present({ ...rest, keyId, expiresInS }, watch);
    } catch (cause) {
      if (!(cause instanceof KeyRefusal) || cause.refused.status !== Status.NO_KEY) throw cause;
      refusal = cause;
    }
  }
  throw refusal;
}

function readRequest(request: SignRequest, fidoIds: ReadonlySet<string>): Asked {
  const { expiresInS } = request;
  const keyIds = request.keyIds.filter((keyId) => !fidoIds.has(keyId));
  if (!Number.isInteger(expiresInS) || expiresInS < 1 || expiresInS > MAX_EXPIRES_IN_S) {
    throw new Failure("BAD_REQUEST", `expires_in_s must be 1 to ${MAX_EXPIRES_IN_S}`, { field: "expires_in_s" });
  }
  if (keyIds.length === 0 || keyIds.length > MAX_KEY_IDS) {
    throw new Failure("BAD_REQUEST", `key_ids must name 1 to ${MAX_KEY_IDS} credentials`, { field: "key_ids" });
  }
  return {
    keyIds: keyIds.map((keyId, at) => idField(`key_ids[${at}]`, keyId)),
    serverId: idField("server_id", request.serverId),
    txId: idField("transaction_id", request.transactionId),
    nonce: bytesField("nonce", request.nonce, 32),
    content: blobField("content", request.content, MAX_CONTENT),
    mode: modeOf(request.mode),
    endsAt: performance.now() + expiresInS * 1000,
  };
}

// Only a hint for texts, so an unspecified one is no error.
function modeOf(mode: WireMode): Mode {
  if (mode === WireMode.C) return Mode.CHAT_SHOWS;
  return mode === WireMode.B ? Mode.BOTH_SHOW : Mode.KEY_SHOWS;
}

/**
 * Whether the statement rejects. The core verifies it; here it is only made sure that the answer belongs to this request
 * and not to an older one whose reports came late.
 */
function checkSigned(signed: Uint8Array, asked: Asked): boolean {
  try {
    const message = parseSigned(signed);
    const statement = decodeStatement(message.payload);
    const mine = equalBytes(statement.txId, asked.txId) && equalBytes(statement.nonce, asked.nonce);
    if (message.type === SignatureType.STATEMENT && mine) return statement.decision === Decision.REJECT;
  } catch (cause) {
    if (!(cause instanceof ProtocolError)) throw cause;
  }
  throw new LinkError("garbled", "the key's answer is not a statement of this transaction");
}
