import { rmSync } from "node:fs";
import { Server, ServerCredentials, status, type ServerWritableStream } from "@grpc/grpc-js";
import type { RejectReason } from "@countersign/protocol";
import {
  DeviceServiceService,
  EnrolResponse,
  ListKeysResponse,
  LocalKey,
  SetPinResponse,
  SignResponse,
  Step,
  type SignRequest,
} from "@countersign/proto/node/device/v1/device_service";
import { fakeStatusError, type FakeError } from "./status-error.ts";
import { TestKey, type ShownToKey } from "./test-key.ts";

/** What the user at the fake key does with one transaction. */
export type KeyAct =
  | { readonly type: "approve"; readonly code: string }
  | { readonly type: "reject"; readonly reason: RejectReason }
  | { readonly type: "error"; readonly error: FakeError }
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
  /** What malware on the PC makes of what the client asked to show. */
  alter: ((shown: ShownToKey) => ShownToKey) | undefined;
  /** Sign calls that the client cancelled. */
  cancelled(): number;
  /** Resolves when Sign has been asked `count` times in all. */
  askedTimes(count: number): Promise<void>;
  stop(): void;
}

const SHOWN_STEPS: readonly Step[] = [Step.SHOWING, Step.PIN, Step.CODE, Step.COMPUTING];

export async function startFakeDaemon(socket: string, acts: readonly KeyAct[]): Promise<FakeDaemon> {
  const key = new TestKey();
  const asked: SignRequest[] = [];
  const left = [...acts];
  const waiting: { count: number; resolve: () => void }[] = [];
  let cancelled = 0;
  const local = { deviceId: "usb-1", model: "emulator", serial: "EMU04A1", hasDisplay: true, hasKeypad: true };
  const keys = [LocalKey.create({ ...local, pinSet: true, pinRetries: 8, registryVersion: 1, glyphProfile: "latin" })];
  const server = new Server();
  const sign = (call: ServerWritableStream<SignRequest, SignResponse>): void => {
    asked.push(call.request);
    for (const waiter of waiting) if (asked.length >= waiter.count) waiter.resolve();
    call.on("cancelled", () => (cancelled += 1));
    if (keys.length === 0)
      return void call.emit("error", fakeStatusError({ code: status.NOT_FOUND, reason: "NO_KEY" }));
    answerSign(call, key, left.shift() ?? { type: "wait" }, daemon.alter);
  };
  const methods = {
    listKeys: (_call: unknown, answer: (error: null, response: ListKeysResponse) => void) => answer(null, { keys }),
    sign,
    enrol: (call: ServerWritableStream<unknown, EnrolResponse>) => {
      call.write(EnrolResponse.create({ event: { $case: "step", value: Step.TOUCH } }));
      call.write(EnrolResponse.create({ event: { $case: "signedEnrolment", value: Buffer.from(key.coseKey) } }));
      call.end();
    },
    setPin: (call: ServerWritableStream<unknown, SetPinResponse>) => {
      call.write(SetPinResponse.create({ event: { $case: "step", value: Step.PIN } }));
      call.write(SetPinResponse.create({ event: { $case: "done", value: true } }));
      call.end();
    },
    ...{ watchKeys: refuse, verifyUser: refuse, answer: refuse, cancel: refuse },
  };
  server.addService(DeviceServiceService, methods as never);
  const daemon: FakeDaemon = {
    ...{ socket, key, acts: left, asked, keys, alter: undefined },
    cancelled: () => cancelled,
    askedTimes: (count) =>
      new Promise((resolve) => (asked.length >= count ? resolve() : waiting.push({ count, resolve }))),
    stop: () => {
      server.forceShutdown();
      rmSync(socket, { force: true });
    },
  };
  await bind(server, `unix:${socket}`);
  return daemon;
}

function answerSign(
  call: ServerWritableStream<SignRequest, SignResponse>,
  key: TestKey,
  act: KeyAct,
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
