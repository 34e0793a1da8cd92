import { type CallOptions, type ClientReadableStream, credentials, type ServiceError } from "@grpc/grpc-js";
import { ErrorInfo } from "@countersign/proto/google/rpc/error_details";
import { Status as RpcStatus } from "@countersign/proto/google/rpc/status";
import {
  DeviceServiceClient,
  EnrolRequest,
  type EnrolResponse,
  type LocalKey,
  ResetRequest,
  type ResetResponse,
  SetPinRequest,
  type SetPinResponse,
  SignRequest,
  type SignResponse,
  type Step,
  VerificationMethod,
} from "@countersign/proto/node/device/v1/device_service";

/** How a stream ended. */
export interface Ended<T> {
  readonly steps: readonly Step[];
  readonly last: T | undefined;
}

/** A failed call: code and the reason out of its details. */
export class CallFailed extends Error {
  readonly code: number;
  readonly reason: string;
  readonly metadata: Readonly<Record<string, string>>;

  constructor(error: ServiceError) {
    super(error.details);
    this.name = "CallFailed";
    this.code = error.code;
    const info = errorInfoOf(error);
    this.reason = info?.reason ?? "";
    this.metadata = info?.metadata ?? {};
  }
}

function errorInfoOf(error: ServiceError): ErrorInfo | undefined {
  const [packed] = error.metadata?.get("grpc-status-details-bin") ?? [];
  if (!Buffer.isBuffer(packed)) return undefined;
  const info = RpcStatus.decode(packed).details.find((detail) => detail.typeUrl.endsWith("google.rpc.ErrorInfo"));
  return info === undefined ? undefined : ErrorInfo.decode(info.value);
}

/** A client of the daemon with a connection of its own. */
export class DeviceClient {
  readonly raw: DeviceServiceClient;

  constructor(address: string) {
    this.raw = new DeviceServiceClient(address, credentials.createInsecure(), { "grpc.use_local_subchannel_pool": 1 });
  }

  async listKeys(): Promise<readonly LocalKey[]> {
    return new Promise((resolve, reject) => {
      this.raw.listKeys({}, (error, answer) => (error === null ? resolve(answer.keys) : reject(new CallFailed(error))));
    });
  }

  /** Resolves once the list of plugged keys is as wanted. */
  async untilKeys(wanted: (keys: readonly LocalKey[]) => boolean): Promise<readonly LocalKey[]> {
    const stream = this.raw.watchKeys({});
    return new Promise((resolve, reject) => {
      stream.on("data", (message: { keys: readonly LocalKey[] }) => {
        if (!wanted(message.keys)) return;
        resolve(message.keys);
        stream.cancel();
      });
      stream.on("error", (error) => reject(error));
    });
  }

  async verifyUser(method: VerificationMethod = VerificationMethod.PIN): Promise<string> {
    return new Promise((resolve, reject) => {
      this.raw.verifyUser({ deviceId: "", method }, (error, answer) =>
        error === null ? resolve(answer.session) : reject(new CallFailed(error)),
      );
    });
  }

  async answer(transactionId: string, code: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.raw.answer({ transactionId, code }, (error) => (error === null ? resolve() : reject(new CallFailed(error))));
    });
  }

  async cancel(transactionId: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.raw.cancel({ transactionId }, (error) => (error === null ? resolve() : reject(new CallFailed(error))));
    });
  }

  setPin(request: Partial<SetPinRequest> = {}): Promise<Ended<boolean>> {
    return collect(this.raw.setPin(SetPinRequest.create(request)), (message: SetPinResponse) => message.event);
  }

  reset(request: Partial<ResetRequest> = {}): Promise<Ended<boolean>> {
    return collect(this.raw.reset(ResetRequest.create(request)), (message: ResetResponse) => message.event);
  }

  enrol(request: Partial<EnrolRequest>): Promise<Ended<Buffer>> {
    return collect(this.raw.enrol(EnrolRequest.create(request)), (message: EnrolResponse) => message.event);
  }

  sign(request: Partial<SignRequest>): Promise<Ended<{ signedStatement: Buffer; rejected: boolean }>> {
    return collect(this.startSign(request), (message: SignResponse) => message.event);
  }

  startSign(request: Partial<SignRequest>, options: Partial<CallOptions> = {}): ClientReadableStream<SignResponse> {
    return this.raw.sign(SignRequest.create(request), options);
  }

  close(): void {
    this.raw.close();
  }
}

/** Collects a stream; rejects with CallFailed. */
export async function collect<M, T>(
  stream: ClientReadableStream<M>,
  eventOf: (message: M) => { $case: string; value: unknown } | undefined,
): Promise<Ended<T>> {
  const steps: Step[] = [];
  let last: T | undefined;
  return new Promise((resolve, reject) => {
    stream.on("data", (message: M) => {
      const event = eventOf(message);
      if (event?.$case === "step") steps.push(event.value as Step);
      else if (event !== undefined) last = event.value as T;
    });
    stream.on("error", (error) => reject(new CallFailed(error as ServiceError)));
    stream.on("end", () => resolve({ steps, last }));
  });
}
