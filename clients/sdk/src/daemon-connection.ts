import { credentials, status } from "@grpc/grpc-js";
import {
  DeviceServiceClient,
  EnrolRequest,
  ListKeysRequest,
  SetPinRequest,
  SignRequest,
  Step as WireStep,
  type LocalKey,
} from "@countersign/proto/node/device/v1/device_service";
import { bearer, call, messages } from "./call.ts";
import { CoreError } from "./core-error.ts";

export type { LocalKey };

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

export interface SignedByKey {
  /** COSE_Sign1 of the statement. */
  readonly signedStatement: Uint8Array;
  readonly rejected: boolean;
}

/** The local device daemon over its Unix socket. Close it when done. */
export interface DaemonConnection {
  listKeys(): Promise<LocalKey[]>;
  /** Yields what the key waits for, then what it signed. Throws KeyError, or CoreError when the daemon itself fails. */
  sign(request: Partial<SignRequest>, signal?: AbortSignal): AsyncGenerator<KeyStep | SignedByKey, void>;
  /** Yields what the key waits for, then the signed enrolment map. */
  enrol(request: Partial<EnrolRequest>, signal?: AbortSignal): AsyncGenerator<KeyStep | Uint8Array, void>;
  /** Yields what the key waits for; returns once the PIN is set. */
  setPin(deviceId: string, signal?: AbortSignal): AsyncGenerator<KeyStep, void>;
  close(): void;
}

/** Opens the socket at `path` (an absolute path, or `unix:` and a path); nothing is sent yet. */
export function openDaemon(path: string): DaemonConnection {
  const address = path.startsWith("unix:") ? path : `unix:${path}`;
  const client = new DeviceServiceClient(address, credentials.createInsecure(), { "grpc.enable_retries": 0 });
  const noToken = bearer(undefined);
  return {
    async listKeys() {
      const given = { token: undefined, deadlineMs: 5_000, attempts: 1 };
      return (await translate(call(client.listKeys.bind(client), ListKeysRequest.create(), given))).keys;
    },
    async *sign(request, signal) {
      for await (const { event } of keyMessages(client.sign(SignRequest.create(request), noToken), signal)) {
        if (event?.$case === "step") yield stepOf(event.value);
        if (event?.$case === "signed") {
          yield { signedStatement: Uint8Array.from(event.value.signedStatement), rejected: event.value.rejected };
          return;
        }
      }
      throw new KeyError("KEY_LEFT", "the daemon ended without an answer of the key");
    },
    async *enrol(request, signal) {
      for await (const { event } of keyMessages(client.enrol(EnrolRequest.create(request), noToken), signal)) {
        if (event?.$case === "step") yield stepOf(event.value);
        if (event?.$case === "signedEnrolment") {
          yield Uint8Array.from(event.value);
          return;
        }
      }
      throw new KeyError("KEY_LEFT", "the daemon ended without an answer of the key");
    },
    async *setPin(deviceId, signal) {
      for await (const { event } of keyMessages(client.setPin(SetPinRequest.create({ deviceId }), noToken), signal)) {
        if (event?.$case === "done") return;
        if (event?.$case === "step") yield stepOf(event.value);
      }
      throw new KeyError("KEY_LEFT", "the daemon ended without an answer of the key");
    },
    close: () => client.close(),
  };
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
