import type { EnrolRequest, SignRequest } from "@countersign/proto/node/device/v1/device_service";
import {
  checkRpId,
  decodeContent,
  fidoKeyIdOf,
  MAX_CONTENT,
  MAX_CREDENTIAL_ID,
  ProtocolError,
  tagOf,
  toHex,
  txDigestOf,
} from "@countersign/protocol";
import { MAX_EXPIRES_IN_S } from "@countersign/key-protocol";
import { Failure } from "../service/failure.ts";
import { blobField, bytesField, idField, nameField } from "../service/request-fields.ts";

/** A Sign that a FIDO2 key is to do. */
export interface AskedSign {
  readonly serverId: Uint8Array;
  readonly txId: Uint8Array;
  readonly nonce: Uint8Array;
  readonly txDigest: Uint8Array;
  /** From the content itself, not as the client says. */
  readonly tag: string;
  readonly issuer: string;
  readonly rpId: string;
  /** Key id by credential id in hexadecimal. */
  readonly credentials: readonly { readonly keyId: string; readonly credentialId: Uint8Array }[];
  readonly expiresInS: number;
  readonly requester: string;
}

/** An Enrol that a FIDO2 key is to do. */
export interface AskedEnrolment {
  readonly challenge: Uint8Array;
  readonly serverName: string;
  readonly rpId: string;
  readonly userHandle: Uint8Array;
  readonly userName: string;
  readonly exclude: readonly Uint8Array[];
}

const MAX_CREDENTIALS = 64;
const MAX_USER_HANDLE = 64;
const MAX_USER_NAME = 64;

/** Checks a Sign for a FIDO2 key. Throws Failure BAD_REQUEST with the field. */
export function readFidoSign(request: SignRequest): AskedSign {
  const { expiresInS } = request;
  if (!Number.isInteger(expiresInS) || expiresInS < 1 || expiresInS > MAX_EXPIRES_IN_S) {
    throw new Failure("BAD_REQUEST", `expires_in_s must be 1 to ${MAX_EXPIRES_IN_S}`, { field: "expires_in_s" });
  }
  const txId = idField("transaction_id", request.transactionId);
  const nonce = bytesField("nonce", request.nonce, 32);
  const content = blobField("content", request.content, MAX_CONTENT);
  const { issuer } = inField("content", () => decodeContent(content));
  const txDigest = txDigestOf(content);
  inField("rp_id", () => checkRpId(request.rpId));
  return {
    serverId: idField("server_id", request.serverId),
    txId,
    nonce,
    txDigest,
    tag: tagOf(txId, nonce, txDigest),
    issuer,
    rpId: request.rpId,
    credentials: readCredentials(request),
    expiresInS,
    requester: request.requester,
  };
}

/** Checks an Enrol for a FIDO2 key. Throws Failure BAD_REQUEST with the field. */
export function readFidoEnrol(request: EnrolRequest): AskedEnrolment {
  const { fido } = request;
  if (fido === undefined) throw new Failure("BAD_REQUEST", "fido is needed for a FIDO2 key", { field: "fido" });
  inField("fido.rp_id", () => checkRpId(fido.rpId));
  const nameBytes = Buffer.byteLength(fido.userName);
  if (nameBytes === 0 || nameBytes > MAX_USER_NAME || !fido.userName.isWellFormed()) {
    const words = `fido.user_name must have 1 to ${MAX_USER_NAME} bytes`;
    throw new Failure("BAD_REQUEST", words, { field: "fido.user_name" });
  }
  const exclude = fido.excludeCredentialIds;
  if (exclude.length > MAX_CREDENTIALS) {
    const words = `fido.exclude_credential_ids may name ${MAX_CREDENTIALS} at most`;
    throw new Failure("BAD_REQUEST", words, { field: "fido.exclude_credential_ids" });
  }
  return {
    challenge: bytesField("challenge", request.challenge, 32),
    serverName: nameField(request.serverName),
    rpId: fido.rpId,
    userHandle: blobField("fido.user_handle", fido.userHandle, MAX_USER_HANDLE),
    userName: fido.userName,
    exclude: exclude.map((id, at) => blobField(`fido.exclude_credential_ids[${at}]`, id, MAX_CREDENTIAL_ID)),
  };
}

// Only credentials whose key ids were asked for may sign, and a key id follows from the credential: what the core would
// refuse as another key's is refused before the user types anything.
function readCredentials(request: SignRequest): AskedSign["credentials"] {
  const found = request.fidoCredentials.map(({ keyId, credentialId }, at) => {
    const field = `fido_credentials[${at}]`;
    const id = blobField(`${field}.credential_id`, credentialId, MAX_CREDENTIAL_ID);
    const own = toHex(inField(field, () => fidoKeyIdOf(request.rpId, id)));
    if (keyId === own && request.keyIds.includes(own)) return { keyId, credentialId: id };
    throw new Failure("BAD_REQUEST", `${field} does not belong to a key of key_ids at this relying party`, { field });
  });
  if (found.length > 0 && found.length <= MAX_CREDENTIALS) return found;
  const words = `fido_credentials must name 1 to ${MAX_CREDENTIALS} credentials`;
  throw new Failure("BAD_REQUEST", words, { field: "fido_credentials" });
}

function inField<T>(field: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof ProtocolError) throw new Failure("BAD_REQUEST", `${field}: ${cause.message}`, { field });
    throw cause;
  }
}
