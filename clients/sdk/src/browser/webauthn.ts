import {
  CodeEntry,
  codeProofOf,
  Decision,
  encodeStatement,
  equalBytes,
  fidoChallengeOf,
  fromHex,
  Shown,
  txDigestOf,
  UserVerification,
} from "@countersign/protocol";
import type { Assertion } from "@countersign/proto/web/device/v1/device_service";
import { KeyError } from "../key-place.ts";

/** navigator.credentials, as far as it is used here. */
export interface CredentialPlace {
  create(options: object): Promise<unknown>;
  get(options: object): Promise<unknown>;
}

/** What KeyService.BeginEnrolment asks a FIDO2 key for. */
export interface RegistrationRequest {
  readonly rpId: string;
  readonly userHandle: Uint8Array;
  readonly userName: string;
  readonly exclude: readonly { readonly credentialId: Uint8Array; readonly transports: readonly string[] }[];
  readonly platformAllowed: boolean;
  readonly attestationWanted: boolean;
}

/** What the key made: FidoCredentialCreation. */
export interface Registration {
  readonly credentialId: Uint8Array;
  readonly clientDataJson: Uint8Array;
  readonly attestationObject: Uint8Array;
  readonly transports: string[];
}

const ES256 = -7;

/** What a security key is to sign, and whose keys may. */
export interface AskedAssertion {
  /** 32 hexadecimal digits each. */
  readonly serverId: string;
  readonly transactionId: string;
  readonly nonce: Uint8Array;
  /** Canonical bytes. */
  readonly content: Uint8Array;
  readonly rpId: string;
  readonly credentials: readonly { readonly keyId: string; readonly credentialId: Uint8Array }[];
  readonly timeoutMs: number;
}

interface Place {
  readonly place: CredentialPlace;
  readonly signal: AbortSignal;
}

/** Has a security key sign in the browser what was made of the code that its user typed. Throws KeyError. */
export async function assertFor(asked: AskedAssertion, code: string, { place, signal }: Place): Promise<Assertion> {
  const { nonce, rpId, credentials } = asked;
  const txDigest = txDigestOf(asked.content);
  const statement = encodeStatement({
    ...{ version: 1, serverId: fromHex(asked.serverId), txId: fromHex(asked.transactionId), nonce, txDigest },
    codeProof: codeProofOf(nonce, txDigest, code),
    ...{ decision: Decision.APPROVE, shown: Shown.NOTHING, codeEntry: CodeEntry.HOST },
    ...{ userVerification: UserVerification.NONE, counter: 0 },
  });
  const answered = await ofKey(
    place.get({
      publicKey: {
        challenge: fidoChallengeOf(statement),
        rpId,
        allowCredentials: credentials.map(({ credentialId }) => ({ type: "public-key", id: credentialId })),
        userVerification: "required",
        timeout: Math.max(1_000, asked.timeoutMs),
      },
      signal,
    }),
  );
  const { rawId, response } = credentialOf(answered);
  const credentialId = new Uint8Array(rawId);
  const signer = credentials.find((each) => equalBytes(each.credentialId, credentialId));
  if (signer === undefined) throw new Error("the browser answered with a key that was not asked for");
  return {
    keyId: signer.keyId,
    statement,
    authenticatorData: bytesOf(response["authenticatorData"]),
    clientDataJson: bytesOf(response["clientDataJSON"]),
    signature: bytesOf(response["signature"]),
  };
}

/** Has a security key make a credential for the installation. Throws KeyError. */
export async function registerKey(
  request: RegistrationRequest,
  { challenge, serverName }: { readonly challenge: Uint8Array; readonly serverName: string },
  { place, signal }: { readonly place: CredentialPlace; readonly signal: AbortSignal },
): Promise<Registration> {
  const { rpId, userHandle, userName, exclude, platformAllowed, attestationWanted } = request;
  const made = await ofKey(
    place.create({
      publicKey: {
        challenge,
        rp: { id: rpId, name: serverName },
        user: { id: userHandle, name: userName, displayName: userName },
        pubKeyCredParams: [{ type: "public-key", alg: ES256 }],
        authenticatorSelection: {
          ...(platformAllowed ? {} : { authenticatorAttachment: "cross-platform" }),
          ...{ residentKey: "discouraged", userVerification: "required" },
        },
        excludeCredentials: exclude.map(({ credentialId, transports }) => ({
          ...{ type: "public-key", id: credentialId, transports: [...transports] },
        })),
        attestation: attestationWanted ? "direct" : "none",
      },
      signal,
    }),
  );
  const { rawId, response } = credentialOf(made);
  return {
    credentialId: new Uint8Array(rawId),
    clientDataJson: bytesOf(response["clientDataJSON"]),
    attestationObject: bytesOf(response["attestationObject"]),
    transports: transportsOf(response),
  };
}

async function ofKey(answer: Promise<unknown>): Promise<unknown> {
  try {
    return await answer;
  } catch (error) {
    throw keyErrorOf(error);
  }
}

/** What the browser says: it does not tell a user's no from a key that nobody touched. */
function keyErrorOf(error: unknown): unknown {
  // By its name alone: an error of another realm is no instance of this one's.
  const { name = "", message = "" } = (error ?? {}) as { readonly name?: string; readonly message?: string };
  switch (name) {
    case "NotAllowedError":
    case "AbortError":
      return new KeyError(
        "KEY_REFUSED",
        "the browser gave nothing of a key: it was cancelled, or its time was over",
        "USER_DENIED",
      );
    case "SecurityError":
      return new KeyError("KEY_REFUSED", `this page may not use the key: ${message}`, "NOT_ALLOWED");
    case "InvalidStateError":
    case "NotSupportedError":
      return new KeyError("KEY_REFUSED", message, "UNSUPPORTED");
    default:
      return error;
  }
}

interface AnyCredential {
  readonly rawId: ArrayBuffer;
  readonly response: Readonly<Record<string, unknown>>;
}

function credentialOf(answered: unknown): AnyCredential {
  const { rawId, response } = (answered ?? {}) as Partial<AnyCredential>;
  if (!(rawId instanceof ArrayBuffer) || response === undefined)
    throw new Error("the browser gave no public-key credential");
  return { rawId, response };
}

function bytesOf(value: unknown): Uint8Array {
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  throw new Error("the browser's answer lacks bytes that WebAuthn says it has");
}

function transportsOf(response: AnyCredential["response"]): string[] {
  const { getTransports } = response as { getTransports?: () => string[] };
  return getTransports?.call(response) ?? [];
}
