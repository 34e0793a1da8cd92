import { rmSync } from "node:fs";
import { Server, ServerCredentials, status, type ServerWritableStream } from "@grpc/grpc-js";
import type { WebService } from "@countersign/web-bridge";
import { equalBytes, toHex, type RejectReason } from "@countersign/protocol";
import {
  Assertion,
  DeviceServiceService,
  EnrolResponse,
  FidoRegistration,
  ListKeysResponse,
  LocalKey,
  LocalKeyType,
  ResetResponse,
  SetPinResponse,
  SignResponse,
  Step,
  type AnswerRequest,
  type AnswerResponse,
  type EnrolRequest,
  type SignRequest,
  type VerifyUserRequest,
  type VerifyUserResponse,
} from "@countersign/proto/node/device/v1/device_service";
import { fakeStatusError, type FakeError } from "./status-error.ts";
import { TestFidoKey, TestKey, type ShownToKey } from "./test-key.ts";

/** What the user at the fake key does with one transaction. */
export type KeyAct =
  | { readonly type: "approve"; readonly code: string }
  | { readonly type: "reject"; readonly reason: RejectReason }
  | { readonly type: "error"; readonly error: FakeError }
  /** A FIDO2 key: waits for the code by Answer, or takes it by a prompt of the daemon's own. */
  | { readonly type: "assert"; readonly prompted?: string }
  /** Reads the pages until the call is cancelled. */
  | { readonly type: "wait" };

/** A device daemon with one smart key, on a Unix socket. The acts are used up one a Sign. */
export interface FakeDaemon {
  readonly socket: string;
  readonly key: TestKey;
  readonly acts: KeyAct[];
  /** What Sign was asked. */
  readonly asked: SignRequest[];
  /** Keys that are plugged in. */
  readonly keys: LocalKey[];
  /** What VerifyUser answers, in order; when none is left it succeeds. */
  readonly verifications: (FakeError | "ok")[];
  /** What VerifyUser and Answer were asked, in order of coming. */
  readonly verified: VerifyUserRequest[];
  readonly answered: AnswerRequest[];
  /** What Enrol was asked. */
  readonly enrolled: EnrolRequest[];
  /** All that it serves, for a second way to it (`serveWeb`). */
  readonly services: readonly WebService[];
  /** What malware on the PC makes of what the client asked to show. */
  alter: ((shown: ShownToKey) => ShownToKey) | undefined;
  /** Sign calls that the client cancelled. */
  cancelled(): number;
  /** Resolves when Sign has been asked `count` times in all. */
  askedTimes(count: number): Promise<void>;
  /** Resolves when `count` Sign calls have been cancelled in all. */
  cancelledTimes(count: number): Promise<void>;
  stop(): void;
}

const SHOWN_STEPS: readonly Step[] = [Step.SHOWING, Step.PIN, Step.CODE, Step.COMPUTING];

/** `key`: a Countersign key with display and keypad, unless a FIDO2 key is given. */
export async function startFakeDaemon(
  socket: string,
  acts: readonly KeyAct[],
  key: TestKey = new TestKey(),
): Promise<FakeDaemon> {
  const server = new Server();
  const state = new FakeDevice(key, acts);
  const implementation = state.methods() as never;
  server.addService(DeviceServiceService, implementation);
  await bind(server, `unix:${socket}`);
  return Object.assign(state, {
    ...{ socket, services: [{ definition: DeviceServiceService, implementation }] },
    stop: () => {
      server.forceShutdown();
      rmSync(socket, { force: true });
    },
  });
}

type Stream<Req, Res> = ServerWritableStream<Req, Res>;
type Callback<Res> = (error: unknown, response?: Res) => void;

class FakeDevice {
  readonly key: TestKey;
  readonly acts: KeyAct[];
  readonly asked: SignRequest[] = [];
  readonly keys: LocalKey[];
  readonly verifications: (FakeError | "ok")[] = [];
  readonly verified: VerifyUserRequest[] = [];
  readonly answered: AnswerRequest[] = [];
  readonly enrolled: EnrolRequest[] = [];
  alter: FakeDaemon["alter"];
  readonly #waiting: { count: number; resolve: () => void }[] = [];
  readonly #ending: { count: number; resolve: () => void }[] = [];
  /** Of the Sign that waits for a code. */
  #awaited: { readonly transactionId: string; readonly take: (code: string) => void } | undefined;
  #cancelled = 0;

  constructor(key: TestKey, acts: readonly KeyAct[]) {
    this.key = key;
    this.acts = [...acts];
    this.keys = [localKeyOf(key)];
  }

  cancelled(): number {
    return this.#cancelled;
  }

  askedTimes(count: number): Promise<void> {
    return new Promise((resolve) => (this.asked.length >= count ? resolve() : this.#waiting.push({ count, resolve })));
  }

  cancelledTimes(count: number): Promise<void> {
    return new Promise((resolve) => (this.#cancelled >= count ? resolve() : this.#ending.push({ count, resolve })));
  }

  methods(): Record<string, unknown> {
    return {
      listKeys: (_call: unknown, answer: Callback<ListKeysResponse>) => answer(null, { keys: this.keys }),
      sign: (call: Stream<SignRequest, SignResponse>) => this.#sign(call),
      enrol: (call: Stream<EnrolRequest, EnrolResponse>) => this.#enrol(call),
      setPin: (call: Stream<unknown, SetPinResponse>) => {
        call.write(SetPinResponse.create({ event: { $case: "step", value: Step.PIN } }));
        call.write(SetPinResponse.create({ event: { $case: "done", value: true } }));
        call.end();
      },
      reset: (call: Stream<unknown, ResetResponse>) => {
        call.write(ResetResponse.create({ event: { $case: "step", value: Step.TOUCH } }));
        call.write(ResetResponse.create({ event: { $case: "done", value: true } }));
        call.end();
      },
      verifyUser: ({ request }: { request: VerifyUserRequest }, answer: Callback<VerifyUserResponse>) => {
        this.verified.push(request);
        const next = this.verifications.shift() ?? "ok";
        if (next === "ok") answer(null, { session: `session ${this.verified.length}` });
        else answer(fakeStatusError(next));
      },
      answer: ({ request }: { request: AnswerRequest }, answer: Callback<AnswerResponse>) => {
        this.answered.push(request);
        if (this.#awaited?.transactionId !== request.transactionId)
          return answer(fakeStatusError({ code: status.FAILED_PRECONDITION, reason: "NOT_AWAITED" }));
        this.#awaited.take(request.code);
        answer(null, {});
      },
      ...{ watchKeys: refuse, cancel: refuse },
    };
  }

  #sign(call: Stream<SignRequest, SignResponse>): void {
    this.asked.push(call.request);
    for (const waiter of this.#waiting) if (this.asked.length >= waiter.count) waiter.resolve();
    call.on("cancelled", () => {
      this.#cancelled += 1;
      for (const waiter of this.#ending) if (this.#cancelled >= waiter.count) waiter.resolve();
    });
    if (this.keys.length === 0)
      return void call.emit("error", fakeStatusError({ code: status.NOT_FOUND, reason: "NO_KEY" }));
    const act = this.acts.shift() ?? { type: "wait" };
    if (act.type === "assert") this.#assert(call, act.prompted);
    else answerSign(call, this.key, act, this.alter);
  }

  /** The code comes by Answer or by a prompt of the daemon's own; then a touch. */
  #assert(call: Stream<SignRequest, SignResponse>, prompted: string | undefined): void {
    const { key } = this;
    if (!(key instanceof TestFidoKey)) throw new Error("this fake daemon has no FIDO2 key");
    const known = call.request.fidoCredentials.some(({ credentialId }) => equalBytes(credentialId, key.credentialId));
    if (!known || call.request.rpId !== key.rpId) {
      const metadata = { status: "NO_KEY" };
      return void call.emit("error", fakeStatusError({ code: status.ABORTED, reason: "KEY_REFUSED", metadata }));
    }
    const step = (value: Step): unknown => call.write(SignResponse.create({ event: { $case: "step", value } }));
    const take = (code: string): void => {
      this.#awaited = undefined;
      step(Step.TOUCH);
      const { keyId, ...parts } = key.assertion(this.alter?.(call.request) ?? call.request, code);
      const bytes = Object.entries(parts).map(([name, value]) => [name, Buffer.from(value)]);
      const value = Assertion.create({ keyId: toHex(keyId), ...(Object.fromEntries(bytes) as object) });
      call.write(SignResponse.create({ event: { $case: "assertion", value } }));
      call.end();
    };
    this.#awaited = { transactionId: call.request.transactionId, take };
    step(Step.CODE);
    if (prompted !== undefined) setImmediate(() => take(prompted));
  }

  #enrol(call: Stream<EnrolRequest, EnrolResponse>): void {
    this.enrolled.push(call.request);
    call.write(EnrolResponse.create({ event: { $case: "step", value: Step.TOUCH } }));
    call.write(EnrolResponse.create({ event: madeBy(this.key) }));
    call.end();
  }
}

function madeBy(key: TestKey): NonNullable<EnrolResponse["event"]> {
  if (!(key instanceof TestFidoKey)) return { $case: "signedEnrolment", value: Buffer.from(key.coseKey) };
  const value = FidoRegistration.create({ credentialId: Buffer.from(key.credentialId), transports: ["usb"] });
  return { $case: "fido", value };
}

function localKeyOf(key: TestKey): LocalKey {
  const isFido = key instanceof TestFidoKey;
  return LocalKey.create({
    ...{ deviceId: "usb-1", model: isFido ? "Example Key 5" : "emulator", serial: isFido ? "" : "EMU04A1" },
    ...{ hasDisplay: !isFido, hasKeypad: !isFido, pinSet: true, pinRetries: 8 },
    ...(isFido ? {} : { registryVersion: 1, glyphProfile: "latin" }),
    type: isFido ? LocalKeyType.FIDO2 : LocalKeyType.COUNTERSIGN,
  });
}

function answerSign(
  call: Stream<SignRequest, SignResponse>,
  key: TestKey,
  act: Exclude<KeyAct, { type: "assert" }>,
  alter: FakeDaemon["alter"],
): void {
  if (act.type === "error") return void call.emit("error", fakeStatusError(act.error));
  const steps = act.type === "approve" ? SHOWN_STEPS : SHOWN_STEPS.slice(0, 1);
  for (const step of steps) call.write(SignResponse.create({ event: { $case: "step", value: step } }));
  if (act.type === "wait") return;
  const answer = act.type === "approve" ? { code: act.code } : { reject: act.reason };
  const signedStatement = Buffer.from(key.statement(alter?.(call.request) ?? call.request, answer));
  call.write(
    SignResponse.create({ event: { $case: "signed", value: { signedStatement, rejected: act.type === "reject" } } }),
  );
  call.end();
}

function refuse(_call: unknown, answer: (error: unknown) => void): void {
  answer(fakeStatusError({ code: status.UNIMPLEMENTED }));
}

/** Binds and resolves with the port. */
export function bind(server: Server, address: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(address, ServerCredentials.createInsecure(), (error, port) => {
      if (error === null) resolve(port);
      else reject(error);
    });
  });
}
