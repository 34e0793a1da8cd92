import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { Client, credentials, status } from "@grpc/grpc-js";
import {
  ChannelServiceService,
  type AttachRequest,
  type AttachResponse,
} from "@countersign/proto/node/channel/v1/channel_service";
import { TransactionServiceService } from "@countersign/proto/node/core/v1/transaction_service";
import { UserServiceCreateRequest, UserServiceService } from "@countersign/proto/node/core/v1/user_service";
import { VerificationServiceService } from "@countersign/proto/node/core/v1/verification_service";
import type { CoreGiven } from "../given.ts";
import { appKey, tokenKey } from "../identity/entity-key.ts";
import { openLog } from "../log.ts";
import { shardOfKey } from "../store/entity.ts";
import { IntegrityError, StoreFullError, StoreStoppedError } from "../store/store.ts";
import { CoreWorld } from "../testing/core-world.ts";
import { bearer, endedBy, serveWorld, type Ended, type ServedWorld } from "../testing/serve-world.ts";
import { anyAppOrToken, bidiStream, bot, serverStream, submitApp, unary, type Call } from "./handler.ts";
import { refuse, type Refusal } from "./refusal.ts";
import type { Service } from "./server.ts";
import { derivedToken, newToken, tokenId } from "./token.ts";

const GET = "/countersign.core.v1.UserService/Get";
const SUBMIT = "/countersign.core.v1.VerificationService/SubmitStatement";
const WATCH = "/countersign.core.v1.TransactionService/Watch";

const raw = (bytes: Buffer): Buffer => bytes;

let world: CoreWorld;
let served: ServedWorld;
let token: string;
let appId: string;
const log: string[] = [];

type Handler = (request: unknown, call: Call) => Promise<{ user: undefined } | Refusal>;
type StreamHandler = (call: Call, send: (n: number) => Promise<void>) => Promise<void | Refusal>;

const draining = { controller: new AbortController() };

async function open(handler: Handler, stream: StreamHandler = async () => {}): Promise<void> {
  const given: CoreGiven = {
    ...world.given,
    log: openLog("debug", { write: (line) => void log.push(line) }),
    draining: draining.controller.signal,
  };
  const user: Service = {
    definition: { get: UserServiceService.get, create: UserServiceService.create },
    implementation: { get: unary(given, submitApp, handler), create: unary(given, anyAppOrToken, handler) },
  };
  const transaction: Service = {
    definition: { watch: TransactionServiceService.watch },
    implementation: {
      watch: serverStream(given, submitApp, (_request, call, send) =>
        stream(call, (n) => send({ transaction: undefined, cursor: "x".repeat(n) })),
      ),
    },
  };
  const verification: Service = {
    definition: { submitStatement: VerificationServiceService.submitStatement },
    implementation: { submitStatement: unary(given, anyAppOrToken, handler) },
  };
  const channel: Service = {
    definition: ChannelServiceService,
    implementation: {
      attach: bidiStream<AttachRequest, AttachResponse>(given, bot, async (requests, _call, send) => {
        for await (const { event } of requests) await send({ event: event && { $case: "beatAck", value: {} } });
      }),
    },
  };
  served = await serveWorld([user, transaction, verification, channel]);
}

beforeEach(async () => {
  log.length = 0;
  draining.controller = new AbortController();
  world = await CoreWorld.open();
  ({ token, appId } = await world.addApp(world.tenantId, "submit"));
});
afterEach(() => served.close());

const ok = { user: undefined } as const;
const answering =
  (answer: Refusal): Handler =>
  async () =>
    answer;

describe("authentication", () => {
  test.each([
    ["no token", undefined],
    ["a token nobody has", "cs_app_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"],
    ["no token of ours", "hello"],
    ["a forged confirmation token", `cs_conf_${"A".repeat(54)}`],
    ["an endless one", `cs_app_${"A".repeat(5000)}`],
  ])("%s is UNAUTHENTICATED", async (_name, wrong) => {
    await open(async () => ok);
    expect(await served.call(GET, new Uint8Array(), wrong)).toMatchObject({
      code: status.UNAUTHENTICATED,
      reason: "UNAUTHENTICATED",
    });
  });

  test("the handler learns who calls", async () => {
    const seen: Call[] = [];
    await open(async (_request, call) => {
      seen.push(call);
      return ok;
    });
    expect(await served.call(GET, new Uint8Array(), token)).toMatchObject({ code: 0 });
    expect(seen[0]?.caller).toEqual({ kind: "app", tenantId: world.tenantId, appId, scope: "submit" });
  });

  test("a disabled app is out at once", async () => {
    await open(async () => ok);
    expect(await served.call(GET, new Uint8Array(), token)).toMatchObject({ code: 0 });
    await disable();
    expect(await served.call(GET, new Uint8Array(), token)).toMatchObject({ reason: "UNAUTHENTICATED" });
  });

  test("check 21: and its open streams end", async () => {
    await open(
      async () => ok,
      async ({ signal }, send) => {
        await send(1);
        await new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error)));
      },
    );
    const stream = watch();
    await stream.first;
    await disable();
    expect(await stream.end).toMatchObject({ code: status.UNAUTHENTICATED, reason: "UNAUTHENTICATED" });
  });
});

describe("answers", () => {
  test("an app gets the exact reason with its facts", async () => {
    await open(answering(refuse("RATE_LIMITED", "wait", { retryAfterMs: 1500, metadata: { limit: "prompts" } })));
    expect(await served.call(GET, new Uint8Array(), token)).toMatchObject({
      code: status.RESOURCE_EXHAUSTED,
      reason: "RATE_LIMITED",
      message: "wait",
      metadata: { limit: "prompts" },
      retryAfterMs: 1500,
    });
  });

  test("malformed bytes are INVALID_ARGUMENT naming the field, and no handler runs", async () => {
    let ran = false;
    await open(async () => {
      ran = true;
      return ok;
    });
    const twice = Buffer.concat([encodeUser("a"), encodeUser("b")]);
    expect(await served.call("/countersign.core.v1.UserService/Create", twice, token)).toMatchObject({
      code: status.INVALID_ARGUMENT,
      reason: "BAD_INPUT",
      message: "user_id: given twice",
    });
    expect(ran).toBe(false);
  });

  test.each([
    ["IntegrityError", new IntegrityError("entity user:x"), status.DATA_LOSS, "INTEGRITY"],
    ["StoreFullError", new StoreFullError("disk"), status.RESOURCE_EXHAUSTED, "STORE_FULL"],
    ["StoreStoppedError", new StoreStoppedError("disk"), status.UNAVAILABLE, "UNAVAILABLE"],
    ["anything else", new Error("secret detail"), status.INTERNAL, "INTERNAL"],
  ])("%s", async (_name, error, code, reason) => {
    await open(async () => {
      throw error;
    });
    const ended = await served.call(GET, new Uint8Array(), token);
    expect(ended).toMatchObject({ code, reason });
    expect(ended.message).not.toContain(error.message);
    // Alarms and the id of what nobody foresaw are in the log.
    expect(log.join("")).toContain(reason === "INTEGRITY" ? "ALARM" : (ended.metadata["id"] ?? ""));
  });

  test("a request above 64 kB is refused before it is read", async () => {
    await open(async () => ok);
    const ended = await served.call("/countersign.core.v1.UserService/Create", encodeUser("x".repeat(70_000)), token);
    expect(ended.code).toBe(status.RESOURCE_EXHAUSTED);
  });
});

describe("deadlines", () => {
  test("a call that names one is told when it has passed, and the handler's signal fires", async () => {
    const aborted = Promise.withResolvers<void>();
    const come: AbortSignal[] = [];
    await open(async (_request, { signal }) => {
      come.push(signal);
      signal.addEventListener("abort", () => aborted.resolve());
      await aborted.promise;
      return ok;
    });
    // A deadline that has passed before the call came tells the handler nothing: the next one is longer.
    for (let ms = 50; come.length === 0; ms *= 4) {
      const ended = await served.call(GET, new Uint8Array(), token, ms);
      expect(ended).toMatchObject({ code: status.DEADLINE_EXCEEDED });
    }
    await aborted.promise;
  });

  test("one is imposed on a call that names none", async () => {
    const seen: Date[] = [];
    await open(async (_request, { deadline }) => {
      seen.push(deadline);
      return ok;
    });
    const before = Date.now();
    const client = new Client(served.address, credentials.createInsecure());
    await new Promise<void>((resolve, reject) => {
      client.makeUnaryRequest(GET, raw, raw, Buffer.alloc(0), bearer(token), (error) =>
        error ? reject(error) : resolve(),
      );
    });
    client.close();
    expect(seen[0]?.getTime()).toBeGreaterThanOrEqual(before + 30_000);
    expect(seen[0]?.getTime()).toBeLessThan(before + 40_000);
  });
});

describe("streams", () => {
  test("end OK, with a refusal, or with what was thrown", async () => {
    const ends: (() => Promise<void | Refusal>)[] = [
      async () => {},
      async () => refuse("EXPIRED", "late"),
      async () => {
        throw new Error("secret detail");
      },
    ];
    await open(
      async () => ok,
      async (_call, send) => {
        await send(1);
        return ends.shift()?.();
      },
    );
    expect(await watch().end).toMatchObject({ code: 0 });
    expect(await watch().end).toMatchObject({ code: status.FAILED_PRECONDITION, reason: "EXPIRED" });
    const thrown = await watch().end;
    expect(thrown).toMatchObject({ code: status.INTERNAL, reason: "INTERNAL" });
    expect(JSON.stringify(thrown)).not.toContain("secret");
  });

  test("send waits for a slow reader", async () => {
    let sent = 0;
    await open(
      async () => ok,
      async (_call, send) => {
        for (; sent < 2000; sent++) await send(10_000);
      },
    );
    const client = new Client(served.address, credentials.createInsecure());
    const stream = client.makeServerStreamRequest(WATCH, raw, raw, Buffer.alloc(0), bearer(token));
    await new Promise<void>((resolve) => stream.once("readable", () => resolve()));
    for (let i = 0; i < 50; i++) await new Promise((resolve) => setImmediate(resolve));
    expect(sent).toBeLessThan(2000);
    let received = 0;
    for await (const message of stream) received += Number(message !== undefined);
    expect(received).toBe(2000);
    client.close();
  });

  test("a cancelled stream ends its handler and is no error in the log", async () => {
    const ended = Promise.withResolvers<void>();
    await open(
      async () => ok,
      async (_call, send) => {
        try {
          for (;;) {
            await send(10);
            await new Promise((resolve) => setImmediate(resolve));
          }
        } finally {
          ended.resolve();
        }
      },
    );
    const stream = watch();
    await stream.first;
    stream.cancel();
    await ended.promise;
    expect(await stream.end).toMatchObject({ code: status.CANCELLED });
    expect(log.join("")).not.toContain("unexpected");
  });

  test("draining ends streams with a hint to resume", async () => {
    await open(
      async () => ok,
      async ({ signal }, send) => {
        await send(1);
        await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
      },
    );
    const stream = watch();
    await stream.first;
    draining.controller.abort();
    expect(await stream.end).toMatchObject({
      code: status.UNAVAILABLE,
      reason: "UNAVAILABLE",
      metadata: { resume: "cursor" },
      retryAfterMs: 1000,
    });
  });
});

describe("streams in both directions", () => {
  const ATTACH = "/countersign.channel.v1.ChannelService/Attach";

  function attach(...requests: Buffer[]): { answers: Promise<number>; end: Promise<Ended | { code: 0 }> } {
    const stream = served.client().makeBidiStreamRequest(ATTACH, raw, raw, bearer(token));
    let received = 0;
    const answers = Promise.withResolvers<number>();
    stream.on("data", () => {
      received += 1;
      if (received === requests.length) answers.resolve(received);
    });
    const end = new Promise<Ended | { code: 0 }>((resolve) => {
      stream.once("error", (error) => resolve(endedBy(error as Parameters<typeof endedBy>[0])));
      stream.once("end", () => resolve({ code: 0 }));
    });
    for (const request of requests) stream.write(request);
    return { answers: answers.promise, end };
  }

  const beat = Buffer.from([0x42, 0]);

  test("hand on each message, end with the first malformed one, or with a hint when the core drains", async () => {
    token = await botToken();
    await open(async () => ok);
    const good = attach(beat, beat, beat);
    expect(await good.answers).toBe(3);
    const bad = attach(Buffer.concat([beat, beat]));
    expect(await bad.end).toMatchObject({ code: status.INVALID_ARGUMENT, reason: "BAD_INPUT" });
    draining.controller.abort();
    expect(await good.end).toMatchObject({ code: status.UNAVAILABLE, metadata: { resume: "cursor" } });
  });
});

describe("check 17: programs on a user's PC get a class, the same bytes within it", () => {
  test("whatever the reason, its message, its facts", async () => {
    const reasons = ["WRONG_CODE", "BAD_SIGNATURE", "UNKNOWN_KEY", "COUNTER_REGRESSION", "CODE_SUPERSEDED"] as const;
    const answers = reasons.map((reason, i) =>
      refuse(reason, `message ${i}`, { metadata: { n: String(i) }, retryAfterMs: i }),
    );
    await open(async () => answers.shift() ?? ok);
    const client = derivedToken(world.given.secrets, "confirmation", "ab".repeat(16));
    const ended: Ended[] = [];
    while (answers.length > 0) ended.push(await served.call(SUBMIT, new Uint8Array(), client));
    expect(new Set(ended.map(({ code }) => code))).toEqual(new Set([status.ABORTED]));
    expect(new Set(ended.map(({ details }) => Buffer.from(details).toString("hex"))).size).toBe(1);
  });
});

async function botToken(): Promise<string> {
  const made = newToken("cs_bot_", world.given.random);
  const { tenantId, botId } = world;
  await world.put(tokenKey(tokenId(made)), { kind: "bot", tenantId, botId });
  return made;
}

async function disable(): Promise<void> {
  const key = appKey(world.tenantId, appId);
  const { entities, epoch } = await world.given.store.load(shardOfKey(key), key);
  const [{ body, version }] = entities;
  if (body === undefined) throw new Error("the app exists");
  await world.given.store.commit(shardOfKey(key), {
    changeId: "ff".repeat(16),
    epoch,
    writes: [{ key, expected: version, body: { ...body, disabled: true } }],
    audit: [{ event: "app.disabled", tenant: world.tenantId, actor: "admin", subject: "app", detail: {} }],
  });
}

function encodeUser(userId: string): Buffer {
  return Buffer.from(UserServiceCreateRequest.encode(UserServiceCreateRequest.create({ userId })).finish());
}

function watch(): { first: Promise<void>; end: Promise<Ended | { code: 0 }>; cancel: () => void } {
  const stream = served.client().makeServerStreamRequest(WATCH, raw, raw, Buffer.alloc(0), bearer(token));
  const first = new Promise<void>((resolve) => stream.once("data", () => resolve()));
  const end = new Promise<Ended | { code: 0 }>((resolve) => {
    stream.once("error", (error) => resolve(endedBy(error as Parameters<typeof endedBy>[0])));
    stream.once("end", () => resolve({ code: 0 }));
  });
  return { first, end, cancel: () => stream.cancel() };
}
