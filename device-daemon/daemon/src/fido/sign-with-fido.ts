import { CtapStatus, WaitsFor } from "@countersign/key-protocol";
import type { SignRequest, SignResponse } from "@countersign/proto/node/device/v1/device_service";
import {
  type Assertion,
  ClientDataType,
  CodeEntry,
  codeProofOf,
  Decision,
  encodeAssertion,
  encodeStatement,
  equalBytes,
  fidoChallengeOf,
  fromHex,
  nativeClientData,
  ProtocolError,
  sha256,
  Shown,
  UserVerification,
} from "@countersign/protocol";
import type { Watch } from "../hid/hid-channel.ts";
import { LinkError } from "../hid/link-error.ts";
import type { AttachedFido } from "../key/attached-key.ts";
import { aboutTransaction, codeAsk } from "../prompt/prompt-text.ts";
import type { Secret } from "../prompt/secret.ts";
import { Failure } from "../service/failure.ts";
import type { Given } from "../service/given.ts";
import type { Caller } from "../service/handlers.ts";
import type { OpenSign } from "../service/open-signs.ts";
import { byTouch } from "./by-touch.ts";
import { closedByUser, FidoRefusal } from "./fido-refusal.ts";
import { type AskedSign, readFidoSign } from "./read-fido-request.ts";
import { toldOnce } from "./told-once.ts";
import { TypedCode } from "./typed-code.ts";

/**
 * Sign with a FIDO2 key: takes the code by prompt or `Answer`, then PIN or finger, then a touch. What is signed is an
 * approval: who wants to reject does it on the phone, and closing the prompt ends the call with nothing signed.
 */
export async function signWithFido(
  given: Given,
  request: SignRequest,
  caller: Caller,
  keys: readonly [AttachedFido, ...AttachedFido[]],
  send: (message: SignResponse) => void,
): Promise<void> {
  const asked = readFidoSign(request);
  if (request.session !== "") {
    throw new Failure("NOT_AWAITED", "a session of VerifyUser is for a Countersign key", { field: "session" });
  }
  const ended = new AbortController();
  const code = new TypedCode();
  const open: OpenSign = {
    client: caller.client,
    transactionId: request.transactionId,
    hasKeypad: false,
    session: code,
    cancel: () => ended.abort(closedByUser()),
  };
  const late = setTimeout(() => ended.abort(new FidoRefusal(CtapStatus.USER_ACTION_TIMEOUT)), asked.expiresInS * 1000);
  const signal = AbortSignal.any([caller.signal, ended.signal]);
  const onStep = toldOnce((value) => send({ event: { $case: "step", value } }));
  given.signs.add(open);
  given.log.info({ keys: keys.length, requester: request.requester.slice(0, 64) }, "asked to sign with a FIDO2 key");
  try {
    const assertion = await byTouch(keys, { signal, onStep }, (key) =>
      approve(given, asked, code, key, { signal, onStep }),
    );
    send({ event: { $case: "assertion", value: assertion } });
  } finally {
    clearTimeout(late);
    given.signs.remove(open);
  }
}

type WireAssertion = Extract<NonNullable<SignResponse["event"]>, { $case: "assertion" }>["value"];

async function approve(
  given: Given,
  asked: AskedSign,
  code: TypedCode,
  attached: AttachedFido,
  watch: Watch & { readonly onStep: (step: WaitsFor) => void },
): Promise<WireAssertion> {
  const { key } = attached;
  const about = aboutTransaction(asked);
  const signal = AbortSignal.any([watch.signal, key.left]);
  watch.onStep(WaitsFor.CODE);
  const typed = await code.take(codeAsk(about), given.prompt, given.log, signal);
  const statement = statementOf(asked, typed);
  const clientDataJson = nativeClientData(ClientDataType.GET, fidoChallengeOf(statement));
  const allow = asked.credentials.map(({ credentialId }) => credentialId);
  const wanted = { rpId: asked.rpId, clientDataHash: sha256(clientDataJson), allow, about };
  const { credentialId, authenticatorData, signature } = await key.getAssertion(wanted, given.prompt, watch);
  const signer = asked.credentials.find((each) => equalBytes(each.credentialId, credentialId));
  if (signer === undefined) throw new LinkError("garbled", "the key's answer is signed by a credential of nobody");
  checkEnvelope({ keyId: fromHex(signer.keyId), statement, authenticatorData, clientDataJson, signature });
  return {
    keyId: signer.keyId,
    statement: Buffer.from(statement),
    authenticatorData: Buffer.from(authenticatorData),
    clientDataJson: Buffer.from(clientDataJson),
    signature: Buffer.from(signature),
  };
}

// The proof is all that is left of the code; the key says nothing of itself in the statement.
function statementOf(asked: AskedSign, code: Secret): Uint8Array {
  const { serverId, txId, nonce, txDigest } = asked;
  return encodeStatement({
    ...{ version: 1, serverId, txId, nonce, txDigest },
    codeProof: codeProofOf(nonce, txDigest, code.reveal()),
    decision: Decision.APPROVE,
    shown: Shown.NOTHING,
    codeEntry: CodeEntry.HOST,
    userVerification: UserVerification.NONE,
    counter: 0,
  });
}

// What would not fit into the envelope that the core takes is an answer that no key gives.
function checkEnvelope(assertion: Assertion): void {
  try {
    encodeAssertion(assertion);
  } catch (cause) {
    if (!(cause instanceof ProtocolError)) throw cause;
    throw new LinkError("garbled", `the key's answer makes no sense: ${cause.message}`, { cause });
  }
}
