// What callers are told of a call's end is what is counted, through the handlers that all services are wrapped in.
import { EventEmitter } from "node:events";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { Metadata, status, type ClientReadableStream, type ServiceDefinition } from "@grpc/grpc-js";
import { CallLife } from "../rpc/call-life.ts";
import { refuse } from "../rpc/refusal.ts";
import { serverStream, submitApp, unary, type Call } from "../rpc/handler.ts";
import { CoreWorld } from "../testing/core-world.ts";
import { bearer, serveWorld, type ServedWorld } from "../testing/serve-world.ts";

const GET = "/countersign.core.v1.UserService/Get";
const WATCH = "/countersign.core.v1.TransactionService/Watch";
const bytes = { requestSerialize: raw, requestDeserialize: raw, responseSerialize: raw, responseDeserialize: raw };
function raw(value: Buffer): Buffer {
  return value;
}
const definition: ServiceDefinition = {
  get: { path: GET, requestStream: false, responseStream: false, ...bytes },
  watch: { path: WATCH, requestStream: false, responseStream: true, ...bytes },
};

function name(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

function watch(request: Buffer, metadata: Metadata): ClientReadableStream<Buffer> {
  const stream = served.client().makeServerStreamRequest(WATCH, raw, raw, request, metadata);
  stream.on("error", () => undefined);
  return stream;
}

function rawCall(cancelled: boolean, deadline: number): ConstructorParameters<typeof CallLife>[0] {
  return Object.assign(new EventEmitter(), { cancelled, getDeadline: () => deadline });
}

let world: CoreWorld;
let served: ServedWorld;
let token: string;
let counted: string[];
let ended: PromiseWithResolvers<void>;
let handle: (call: Call) => Promise<Buffer | ReturnType<typeof refuse>>;

beforeEach(async () => {
  world = await CoreWorld.open();
  token = (await world.addApp(world.tenantId, "submit")).token;
  counted = [];
  ended = Promise.withResolvers();
  handle = async () => Buffer.alloc(0);
  const calls = {
    answered: (path: string, code: status, seconds: number) => {
      expect(seconds).toBeGreaterThanOrEqual(0);
      counted.push(`${name(path)} ${status[code]}`);
      ended.resolve();
    },
    shed: (path: string, why: string) => void counted.push(`${name(path)} shed ${why}`),
    opened: (path: string) => void counted.push(`${name(path)} opened`),
    ended: (path: string, code: status) => {
      counted.push(`${name(path)} ended ${status[code]}`);
      ended.resolve();
    },
  };
  const given = { ...world.given, calls };
  const implementation = {
    get: unary<Buffer, Buffer>(given, submitApp, (_request, call) => handle(call)),
    watch: serverStream<Buffer, Buffer>(given, submitApp, async ({ length }, { signal }, send) => {
      await send(Buffer.alloc(1));
      if (length === 0) return;
      await new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error)));
    }),
  };
  served = await serveWorld([{ definition, implementation }]);
});
afterEach(() => served.close());

describe("a unary call counts once, with its code", () => {
  test("answered", async () => {
    await served.call(GET, new Uint8Array(), token);
    expect(counted).toEqual(["Get OK"]);
  });
  test("refused", async () => {
    handle = async () => refuse("RATE_LIMITED", "wait");
    await served.call(GET, new Uint8Array(), token);
    expect(counted).toEqual(["Get RESOURCE_EXHAUSTED"]);
  });
  test("by nobody", async () => {
    await served.call(GET, new Uint8Array());
    expect(counted).toEqual(["Get UNAUTHENTICATED"]);
  });
  test("given up by its caller", async () => {
    const began = Promise.withResolvers<void>();
    handle = ({ signal }) => {
      began.resolve();
      return new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error)));
    };
    const client = served.client();
    const call = client.makeUnaryRequest(GET, raw, raw, Buffer.alloc(0), bearer(token), {}, () => undefined);
    await began.promise;
    call.cancel();
    await ended.promise;
    expect(counted).toEqual(["Get CANCELLED"]);
  });
});

describe("a stream counts when it begins and when it is over", () => {
  test("by itself", async () => {
    watch(Buffer.alloc(0), bearer(token)).resume();
    await ended.promise;
    expect(counted).toEqual(["Watch opened", "Watch ended OK"]);
  });
  test("by its caller", async () => {
    const stream = watch(Buffer.from([0x0a, 1, 0x61]), bearer(token));
    await new Promise<void>((resolve) => stream.once("data", () => resolve()));
    stream.cancel();
    await ended.promise;
    expect(counted).toEqual(["Watch opened", "Watch ended CANCELLED"]);
  });
  test("before it is let in", async () => {
    watch(Buffer.alloc(0), new Metadata()).resume();
    await ended.promise;
    expect(counted).toEqual(["Watch opened", "Watch ended UNAUTHENTICATED"]);
  });
});

describe("what a caller no longer waits for is told as", () => {
  test.each([
    [false, 0, status.UNAVAILABLE],
    [true, 0, status.DEADLINE_EXCEEDED],
    [true, Number.POSITIVE_INFINITY, status.CANCELLED],
  ] as const)("cancelled %s, deadline %d: %d", (cancelled, deadline, code) => {
    const life = new CallLife(rawCall(cancelled, deadline), { imposeDeadline: false });
    expect(life.toldAs(status.UNAVAILABLE)).toBe(code);
  });
});
