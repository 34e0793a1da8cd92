import { checkSafeText, MAX_DEVICE_NAME, ProtocolError } from "@countersign/protocol";
import {
  type Key as KeyMessage,
  KeyServiceBeginEnrolmentRequest,
  KeyServiceService,
  type KeyServiceApproveRecoveryRequest,
  type KeyServiceBeginRecoveryRequest,
  type KeyServiceConfirmFingerprintRequest,
  type KeyServiceFinishEnrolmentRequest,
  type KeyServiceListRecoveriesRequest,
  type KeyServiceRenameRequest,
  type KeyServiceServer,
  type KeyServiceStopRecoveryRequest,
} from "@countersign/proto/node/core/v1/key_service";
import type { CoreGiven } from "../given.ts";
import { actorOf, anyApp, anyAppOrEnrolment, appOf, executeApp, submitApp, unary, type Call } from "../rpc/handler.ts";
import { badInput, isRefusal, type Refusal } from "../rpc/refusal.ts";
import type { Service } from "../rpc/server.ts";
import { atCreation } from "../transaction/change.ts";
import { bodyHashOf, checkRequestId } from "../transaction/reserve.ts";
import { tellTransaction } from "../transaction/transaction-message.ts";
import { beginEnrolment } from "./begin-enrolment.ts";
import { loadUser } from "./change-user.ts";
import { enrolmentResponse } from "./enrolment-message.ts";
import { finishEnrolment, type FinishRequest } from "./finish-enrolment.ts";
import { confirmFingerprint, renameKey, revokeKey } from "./key-change.ts";
import { keyMessage } from "./key-message.ts";
import type { Key } from "./key.ts";
import { loadKeys } from "./load-keys.ts";
import { mayNotDecide } from "./may-decide.ts";
import { approveRecovery, beginRecovery, listRecoveries, stopRecovery } from "./recover.ts";
import { checkUserId } from "./user-name.ts";

export function keyService(given: CoreGiven): Service {
  const implementation: KeyServiceServer = {
    beginEnrolment: unary(given, anyApp, (request: KeyServiceBeginEnrolmentRequest, call) =>
      begin(given, request, call),
    ),
    finishEnrolment: unary(given, anyAppOrEnrolment, (request: KeyServiceFinishEnrolmentRequest, call) =>
      finish(given, request, call),
    ),
    confirmFingerprint: unary(given, anyApp, async (request: KeyServiceConfirmFingerprintRequest, { caller }) => {
      const refusal = mayNotDecide(given, caller);
      if (refusal !== undefined) return refusal;
      const named = { tenantId: appOf(caller).tenantId, ...request };
      return answer(await confirmFingerprint(given, named, actorOf(caller)));
    }),
    list: unary(given, submitApp, ({ userId }: { userId: string }, call) => list(given, userId, call)),
    revoke: unary(given, anyApp, async ({ keyId }: { keyId: string }, { caller }) => {
      const name = { tenantId: appOf(caller).tenantId, keyId };
      return answer(mayNotDecide(given, caller) ?? (await revokeKey(given, name, actorOf(caller))));
    }),
    rename: unary(given, anyApp, async (request: KeyServiceRenameRequest, { caller }) =>
      answer(await renameKey(given, { tenantId: appOf(caller).tenantId, ...request }, actorOf(caller))),
    ),
    beginRecovery: unary(given, executeApp, (request: KeyServiceBeginRecoveryRequest, call) =>
      beginRecovery(given, request, call),
    ),
    approveRecovery: unary(given, executeApp, (request: KeyServiceApproveRecoveryRequest, call) =>
      approveRecovery(given, request, call),
    ),
    stopRecovery: unary(given, anyApp, (request: KeyServiceStopRecoveryRequest, call) =>
      stopRecovery(given, request, call),
    ),
    listRecoveries: unary(given, anyApp, (request: KeyServiceListRecoveriesRequest, call) =>
      listRecoveries(given, request, call),
    ),
  };
  return { definition: KeyServiceService, implementation };
}

async function begin(given: CoreGiven, request: KeyServiceBeginEnrolmentRequest, { caller }: Call) {
  const { requestId, userId, digits } = request;
  // Who may say whose device or digits these are says whose the first key is; so does who uses a recovery.
  const { recoveryId } = request;
  const { fido } = request;
  const binds = request.serial !== "" || digits || recoveryId !== "";
  const refusal =
    (binds ? mayNotDecide(given, caller) : undefined) ??
    checkRequestId(requestId) ??
    checkUserId(userId) ??
    checkSerial(request.serial) ??
    (fido && (request.serial !== "" || digits)
      ? badInput("fido", "such a key proves neither serial nor digits")
      : undefined);
  if (refusal !== undefined) return refusal;
  const { tenantId, appId } = appOf(caller);
  const bodyHash = bodyHashOf("enrolment.begin", KeyServiceBeginEnrolmentRequest.encode(request).finish());
  const use = { tenantId, by: appId, rpc: "enrolment.begin", requestId, bodyHash };
  const serial = request.serial === "" ? undefined : request.serial;
  const by = recoveryId === "" ? {} : { recoveryId };
  const begun = await beginEnrolment(given, use, { userId, serial, digits, fido, ...by });
  if (isRefusal(begun)) return begun;
  return enrolmentResponse(given, tenantId, begun);
}

async function finish(given: CoreGiven, request: KeyServiceFinishEnrolmentRequest, { caller }: Call) {
  const proof = proofOf(request);
  if (isRefusal(proof)) return proof;
  const { enrolmentToken: token, name } = request;
  const enrolled = await finishEnrolment(given, caller, { token, name, proof });
  if (isRefusal(enrolled)) return enrolled;
  const { key, created } = enrolled;
  const transaction = caller.kind === "app" ? created?.transaction : created && atCreation(created.transaction);
  return {
    key: keyMessage(key),
    transaction: transaction && (await tellTransaction(given, transaction)),
    confirmationToken: created?.confirmationToken ?? "",
  };
}

function proofOf({ signedEnrolment, fido }: KeyServiceFinishEnrolmentRequest): FinishRequest["proof"] | Refusal {
  if (fido === undefined) return { kind: "countersign", signed: new Uint8Array(signedEnrolment) };
  if (signedEnrolment.length > 0) return badInput("fido", "give signed_enrolment or fido, not both");
  const registration = {
    credentialId: new Uint8Array(fido.credentialId),
    clientDataJson: new Uint8Array(fido.clientDataJson),
    attestationObject: new Uint8Array(fido.attestationObject),
    transports: fido.transports,
  };
  return { kind: "fido2", registration };
}

async function list(given: CoreGiven, userId: string, { caller }: Call): Promise<{ keys: KeyMessage[] } | Refusal> {
  const user = checkUserId(userId) ?? (await loadUser(given, { tenantId: appOf(caller).tenantId, userId }));
  if (isRefusal(user)) return user;
  const keys = await loadKeys(given, user, user.keyIds);
  return { keys: keys.toSorted((one, other) => one.enrolledAt - other.enrolledAt).map(keyMessage) };
}

function answer(key: Key | Refusal): { key: KeyMessage } | Refusal {
  return isRefusal(key) ? key : { key: keyMessage(key) };
}

function checkSerial(serial: string): Refusal | undefined {
  if (serial === "") return undefined;
  try {
    checkSafeText(serial, { ascii: true, maxCodePoints: MAX_DEVICE_NAME, field: "serial" });
    return undefined;
  } catch (error) {
    if (error instanceof ProtocolError) return badInput("serial", error.message);
    throw error;
  }
}
