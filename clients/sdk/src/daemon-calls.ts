import {
  AnswerRequest,
  AnswerResponse,
  EnrolRequest,
  EnrolResponse,
  ListKeysRequest,
  ListKeysResponse,
  ResetRequest,
  ResetResponse,
  SetPinRequest,
  SetPinResponse,
  SignRequest,
  SignResponse,
  VerifyUserRequest,
  VerifyUserResponse,
} from "@countersign/proto/web/device/v1/device_service";
import { assertedByKey } from "./asserted-by-key.ts";
import { ask } from "./call.ts";
import { CoreError } from "./core-error.ts";
import { GrpcCode } from "./grpc-code.ts";
import {
  KeyError,
  type AssertedByKey,
  type DaemonConnection,
  type EnrolledByKey,
  type KeyStep,
  type SignedByKey,
} from "./key-place.ts";
import type { Method, Port } from "./port.ts";

const DEVICE = "/countersign.device.v1.DeviceService";
const LIST_KEYS: Method<ListKeysRequest, ListKeysResponse> = {
  ...{ path: `${DEVICE}/ListKeys`, request: ListKeysRequest, response: ListKeysResponse },
};
const SIGN: Method<SignRequest, SignResponse> = {
  ...{ path: `${DEVICE}/Sign`, request: SignRequest, response: SignResponse },
};
const ENROL: Method<EnrolRequest, EnrolResponse> = {
  ...{ path: `${DEVICE}/Enrol`, request: EnrolRequest, response: EnrolResponse },
};
const SET_PIN: Method<SetPinRequest, SetPinResponse> = {
  ...{ path: `${DEVICE}/SetPin`, request: SetPinRequest, response: SetPinResponse },
};
const RESET: Method<ResetRequest, ResetResponse> = {
  ...{ path: `${DEVICE}/Reset`, request: ResetRequest, response: ResetResponse },
};
const VERIFY_USER: Method<VerifyUserRequest, VerifyUserResponse> = {
  ...{ path: `${DEVICE}/VerifyUser`, request: VerifyUserRequest, response: VerifyUserResponse },
};
const ANSWER: Method<AnswerRequest, AnswerResponse> = {
  ...{ path: `${DEVICE}/Answer`, request: AnswerRequest, response: AnswerResponse },
};

const NO_TOKEN = { token: undefined };

/** The daemon behind a port. */
export function daemonOver(port: Port, close: () => void): DaemonConnection {
  const once = { ...NO_TOKEN, deadlineMs: DAEMON_MS, patienceMs: 0 };
  return {
    async listKeys() {
      return (await translate(ask(port, LIST_KEYS, ListKeysRequest.create(), once))).keys;
    },
    async *sign(request, signal) {
      yield* untilSigned(keyMessages(port.stream(SIGN, SignRequest.create(request), { ...NO_TOKEN, signal })));
    },
    async *enrol(request, signal) {
      yield* untilEnrolled(keyMessages(port.stream(ENROL, EnrolRequest.create(request), { ...NO_TOKEN, signal })));
    },
    async *setPin(deviceId, signal) {
      yield* untilDone(keyMessages(port.stream(SET_PIN, SetPinRequest.create({ deviceId }), { ...NO_TOKEN, signal })));
    },
    async *reset(deviceId, signal) {
      yield* untilDone(keyMessages(port.stream(RESET, ResetRequest.create({ deviceId }), { ...NO_TOKEN, signal })));
    },
    async verifyUser(deviceId, proof, signal) {
      const request = VerifyUserRequest.create({ deviceId, method: METHODS[proof] });
      const given = { ...once, deadlineMs: VERIFY_MS, signal };
      return (await translate(ask(port, VERIFY_USER, request, given))).session;
    },
    async answer(transactionId, code) {
      try {
        await ask(port, ANSWER, AnswerRequest.create({ transactionId, code }), once);
        return true;
      } catch (error) {
        if (error instanceof CoreError && NOT_AWAITED.includes(error.code)) return false;
        throw keyErrorOf(error);
      }
    },
    close,
  };
}

/** VerificationMethod. */
const METHODS = { pin: 1, biometric: 2 } as const;

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
const NOT_AWAITED: readonly number[] = [GrpcCode.FAILED_PRECONDITION, GrpcCode.NOT_FOUND];

/** Step, in the order of its numbers. */
const STEPS: readonly KeyStep[] = ["showing", "showing", "pin", "code", "touch", "computing"];

function stepOf(step: number): KeyStep {
  return STEPS[step] ?? "showing";
}

async function* keyMessages<T>(stream: AsyncIterable<T>): AsyncGenerator<T, void> {
  try {
    yield* stream;
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
      return error.code === GrpcCode.NOT_FOUND ? new KeyError("NO_KEY", error.message) : error;
  }
}
