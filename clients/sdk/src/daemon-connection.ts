import { credentials, status } from "@grpc/grpc-js";
import { encodeAssertion, fromHex, ProtocolError } from "@countersign/protocol";
import {
  AnswerRequest,
  DeviceServiceClient,
  EnrolRequest,
  ListKeysRequest,
  LocalKeyType,
  ResetRequest,
  SetPinRequest,
  SignRequest,
  Step as WireStep,
  VerificationMethod,
  VerifyUserRequest,
  type Assertion as WireAssertion,
  type EnrolResponse,
  type FidoRegistration,
  type LocalKey,
  type ResetResponse,
  type SetPinResponse,
  type SignResponse,
} from "@countersign/proto/node/device/v1/device_service";
import { bearer, call, messages } from "./call.ts";
import { CoreError } from "./core-error.ts";

export type { FidoRegistration, LocalKey };

/** What the key waits for. */
export type KeyStep = "showing" | "pin" | "code" | "touch" | "computing";

/** The key said no, or there is none. */
export class KeyError extends Error {
  override readonly name = "KeyError";
  readonly reason: "NO_KEY" | "KEY_LEFT" | "KEY_REFUSED" | "KEY_BUSY";
  /** Of KEY_REFUSED: the key's own status (docs/protocol/hid.md); else "". */
  readonly status: string;

  constructor(reason: KeyError["reason"], message: string, keyStatus = "") {
    super(message);
    this.reason = reason;
    this.status = keyStatus;
  }
}

/** What a Countersign key signed. */
export interface SignedByKey {
  /** COSE_Sign1 of the statement. */
  readonly signedStatement: Uint8Array;
  readonly rejected: boolean;
}

/** What a FIDO2 key signed: always an approval. */
export interface AssertedByKey {
  readonly assertion: WireAssertion;
  /** All of it as receipts carry it (docs/protocol/fido2.md section 4). */
  readonly signedAssertion: Uint8Array;
  readonly rejected: false;
}

/** What a key made at enrolment: a Countersign key its signed map, a FIDO2 key its attestation. */
export type EnrolledByKey = { readonly signedEnrolment: Uint8Array } | { readonly fido: FidoRegistration };

/** How the user proves that he is there, on the key. */
export type UserProof = "pin" | "biometric";

/** Whether it is a FIDO2 key: no display, no keypad, the code is typed on this PC. */
export function isFido({ type }: Pick<LocalKey, "type">): boolean {
  return type === LocalKeyType.FIDO2;
}

/** The local device daemon over its Unix socket. Close it when done. */
export interface DaemonConnection {
  listKeys(): Promise<LocalKey[]>;
  /** Yields what the key waits for, then what it signed. Throws KeyError, or CoreError when the daemon itself fails. */
  sign(
    request: Partial<SignRequest>,
    signal?: AbortSignal,
  ): AsyncGenerator<KeyStep | SignedByKey | AssertedByKey, void>;
  /** Yields what the key waits for, then what it made. */
  enrol(request: Partial<EnrolRequest>, signal?: AbortSignal): AsyncGenerator<KeyStep | EnrolledByKey, void>;
  /** Yields what the key waits for; returns once the PIN is set. */
  setPin(deviceId: string, signal?: AbortSignal): AsyncGenerator<KeyStep, void>;
  /** Yields what the key waits for; returns once it is wiped. */
  reset(deviceId: string, signal?: AbortSignal): AsyncGenerator<KeyStep, void>;
  /** Takes PIN or finger on the key; the answer goes into the one Sign that uses it up, within 60 s. Throws KeyError. */
  verifyUser(deviceId: string, proof: UserProof, signal?: AbortSignal): Promise<string>;
  /** The code for a key without keypad, while its Sign waits for it. False: it does not wait for one any more. */
  answer(transactionId: string, code: string): Promise<boolean>;
  close(): void;
}

/** Opens the socket at `path` (an absolute path, or `unix:` and a path); nothing is sent yet. */
export function openDaemon(path: string): DaemonConnection {
  const address = path.startsWith("unix:") ? path : `unix:${path}`;
  const client = new DeviceServiceClient(address, credentials.createInsecure(), { "grpc.enable_retries": 0 });
  const noToken = bearer(undefined);
  return {
    async listKeys() {
      const given = { token: undefined, deadlineMs: DAEMON_MS, patienceMs: 0 };
      return (await translate(call(client.listKeys.bind(client), ListKeysRequest.create(), given))).keys;
    },
    async *sign(request, signal) {
      yield* untilSigned(keyMessages(client.sign(SignRequest.create(request), noToken), signal));
    },
    async *enrol(request, signal) {
      yield* untilEnrolled(keyMessages(client.enrol(EnrolRequest.create(request), noToken), signal));
    },
    async *setPin(deviceId, signal) {
      yield* untilDone(keyMessages(client.setPin(SetPinRequest.create({ deviceId }), noToken), signal));
    },
    async *reset(deviceId, signal) {
      yield* untilDone(keyMessages(client.reset(ResetRequest.create({ deviceId }), noToken), signal));
    },
    async verifyUser(deviceId, proof, signal) {
      const method = proof === "pin" ? VerificationMethod.PIN : VerificationMethod.BIOMETRIC;
      const request = VerifyUserRequest.create({ deviceId, method });
      const given = { token: undefined, deadlineMs: VERIFY_MS, patienceMs: 0, signal };
      return (await translate(call(client.verifyUser.bind(client), request, given))).session;
    },
    async answer(transactionId, code) {
      const given = { token: undefined, deadlineMs: DAEMON_MS, patienceMs: 0 };
      try {
        await call(client.answer.bind(client), AnswerRequest.create({ transactionId, code }), given);
        return true;
      } catch (error) {
        if (error instanceof CoreError && NOT_AWAITED.has(error.code)) return false;
        throw keyErrorOf(error);
      }
    },
    close: () => client.close(),
  };
}

async function* untilSigned(
  stream: AsyncIterable<SignResponse>,
): AsyncGenerator<KeyStep | SignedByKey | AssertedByKey, void> {
  for await (const { event } of stream) {
    if (event?.$case === "step") yield stepOf(event.value);
    if (event?.$case === "signed") {
      yield { signedStatement: Uint8Array.from(event.value.signedStatement), rejected: event.value.rejected };
      return;
    }
    if (event?.$case === "assertion") {
      yield assertedByKey(event.value);
      return;
    }
  }
  throw endedEarly();
}

async function* untilEnrolled(stream: AsyncIterable<EnrolResponse>): AsyncGenerator<KeyStep | EnrolledByKey, void> {
  for await (const { event } of stream) {
    if (event?.$case === "step") yield stepOf(event.value);
    if (event?.$case === "signedEnrolment") {
      yield { signedEnrolment: Uint8Array.from(event.value) };
      return;
    }
    if (event?.$case === "fido") {
      yield { fido: event.value };
      return;
    }
  }
  throw endedEarly();
}

async function* untilDone(stream: AsyncIterable<SetPinResponse | ResetResponse>): AsyncGenerator<KeyStep, void> {
  for await (const { event } of stream) {
    if (event?.$case === "done") return;
    if (event?.$case === "step") yield stepOf(event.value);
  }
  throw endedEarly();
}

function endedEarly(): KeyError {
  return new KeyError("KEY_LEFT", "the daemon ended without an answer of the key");
}

/**
 * A daemon that is there answers at once; on a PC that is busy it may take a while, and a code that was typed is not asked
 * for again.
 */
const DAEMON_MS = 30_000;

/** A person types a PIN; the key itself gives up before that. */
const VERIFY_MS = 120_000;

/** Another prompt was faster, or the key is gone: what happens next comes by the Sign itself. */
const NOT_AWAITED: ReadonlySet<status> = new Set([status.FAILED_PRECONDITION, status.NOT_FOUND]);

/** Through the daemon, which may be malware: what is no assertion is no answer of a key. */
function assertedByKey(assertion: WireAssertion): AssertedByKey {
  const { keyId, statement, authenticatorData, clientDataJson, signature } = assertion;
  try {
    const signedAssertion = encodeAssertion({
      keyId: fromHex(keyId),
      statement: Uint8Array.from(statement),
      authenticatorData: Uint8Array.from(authenticatorData),
      clientDataJson: Uint8Array.from(clientDataJson),
      signature: Uint8Array.from(signature),
    });
    return { assertion, signedAssertion, rejected: false };
  } catch (error) {
    if (error instanceof ProtocolError)
      throw new KeyError("KEY_LEFT", `the daemon's answer is no assertion: ${error.message}`);
    throw error;
  }
}

const STEPS: Readonly<Record<number, KeyStep>> = {
  [WireStep.SHOWING]: "showing",
  [WireStep.PIN]: "pin",
  [WireStep.CODE]: "code",
  [WireStep.TOUCH]: "touch",
  [WireStep.COMPUTING]: "computing",
};

function stepOf(step: number): KeyStep {
  return STEPS[step] ?? "showing";
}

async function* keyMessages<T>(
  stream: Parameters<typeof messages<T>>[0],
  signal?: AbortSignal,
): AsyncGenerator<T, void> {
  try {
    yield* messages(stream, signal);
  } catch (error) {
    throw keyErrorOf(error);
  }
}

async function translate<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw keyErrorOf(error);
  }
}

function keyErrorOf(error: unknown): unknown {
  if (!(error instanceof CoreError)) return error;
  switch (error.reason) {
    case "NO_KEY":
    case "KEY_LEFT":
    case "KEY_BUSY":
      return new KeyError(error.reason, error.message);
    case "KEY_REFUSED":
      return new KeyError("KEY_REFUSED", error.message, error.metadata.get("status") ?? "");
    default:
      return error.code === status.NOT_FOUND ? new KeyError("NO_KEY", error.message) : error;
  }
}
