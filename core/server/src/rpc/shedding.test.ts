// Over the wire: what is refused, dropped or done while the core has too much to do.
import { EventEmitter } from "node:events";
import { Metadata, type ServerUnaryCall, status } from "@grpc/grpc-js";
import { TransactionServiceService } from "@countersign/proto/node/core/v1/transaction_service";
import { UserServiceService } from "@countersign/proto/node/core/v1/user_service";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import type { CoreGiven } from "../given.ts";
import { CoreWorld } from "../testing/core-world.ts";
import { bearer, serveWorld, type ServedWorld } from "../testing/serve-world.ts";
import { commitOnce } from "../transaction/commit.ts";
import { SOONEST_MS } from "./appointments.ts";
import { Gate } from "./gate.ts";
import { submitApp, unary, type Call } from "./handler.ts";
import { URGENT_PLACES } from "./overload.ts";
import { refuse, type Refusal } from "./refusal.ts";
import { turnOf } from "./turn.ts";

const GET = "/countersign.core.v1.UserService/Get";
const VETO = "/countersign.core.v1.TransactionService/Veto";
const NOTHING = new Uint8Array();

let world: CoreWorld;
let served: ServedWorld;
let token: string;
const shed: string[] = [];
/** How often a handler got to the point where it waits for the end of its call. */
let waited = 0;
afterEach(() => served.close());
beforeEach(async () => {
  shed.length = 0;
  waited = 0;
  world = await CoreWorld.open();
  ({ token } = await world.addApp(world.tenantId, "submit"));
});

type Handler = (call: Call, given: CoreGiven) => Promise<Refusal | { readonly user: undefined }>;

async function open(handler: Handler, gate = new Gate()): Promise<void> {
  const calls = {
    answered: () => undefined,
    opened: () => undefined,
    ended: () => undefined,
    shed: (path: string, why: string) => void shed.push(`${why} ${path}`),
  };
  const given: CoreGiven = { ...world.given, gate, calls };
  const get = unary(given, submitApp, (_request, call) => handler(call, given));
  const veto = unary(given, submitApp, (_request, call) => handler(call, given));
  served = await serveWorld([
    { definition: { get: UserServiceService.get }, implementation: { get } },
    { definition: { veto: TransactionServiceService.veto }, implementation: { veto } },
  ]);
}

/** A call whose deadline passes once it has come; one that was too late on its way is made again, for longer. */
async function tooLate(path: string, hasCome: () => boolean): ReturnType<ServedWorld["call"]> {
  for (let ms = 50; ; ms *= 4) {
    const ended = await served.call(path, NOTHING, token, ms);
    if (hasCome()) return ended;
  }
}

const done = refuse("NOT_FOUND", "looked for");

/** A gate whose line is full: nothing begins, as its loop stands still. */
function fullGate(urgent: boolean): Gate {
  const gate = new Gate({ now: () => 0, nextTurn: () => undefined, afterThis: () => undefined });
  for (let i = 0; i <= URGENT_PLACES; i++) {
    gate.enter(urgent, "127.0.0.1", { isOver: false, begin: () => undefined, drop: () => undefined });
  }
  return gate;
}

test("a call without a place is BUSY at once, with a time to wait, and unread", async () => {
  await open(async () => done, fullGate(false));
  const malformed = Uint8Array.of(0xff);
  const waits: (number | undefined)[] = [];
  for (let i = 0; i < 8; i++) {
    const ended = await served.call(GET, malformed, token);
    expect(ended).toMatchObject({ code: status.RESOURCE_EXHAUSTED, reason: "BUSY" });
    waits.push(ended.retryAfterMs);
  }
  expect(waits).toEqual([SOONEST_MS, ...Array.from({ length: 7 }, () => SOONEST_MS + 50)]);
  expect(shed).toEqual(Array.from({ length: 8 }, () => `busy ${GET}`));
});

test("who holds no token learns no more and no less than who does", async () => {
  await open(async () => done, fullGate(false));
  const { reason, message } = await served.call(GET, NOTHING, token);
  expect(await served.call(GET, NOTHING, undefined)).toMatchObject({ reason, message });
});

test("a veto has a place where an ordinary call has none", async () => {
  await open(async () => done, fullGate(true));
  expect(await served.call(VETO, NOTHING, token)).toMatchObject({ reason: "BUSY" });
  await served.close();
  const full = fullGate(false);
  await open(async () => done, full);
  await tooLate(VETO, () => full.line.urgent > 0);
  expect(await served.call(GET, NOTHING, token)).toMatchObject({ reason: "BUSY" });
  expect(shed).toEqual([`busy ${VETO}`, `busy ${GET}`]);
});

test("a call that was over when its turn came is dropped before any work, a veto is not", async () => {
  await open(async () => done);
  const turns: (() => void)[] = [];
  let at = 0;
  const gate = new Gate({ now: () => at, nextTurn: (run) => void turns.push(run), afterThis: queueMicrotask });
  // Takes the rest of this turn's slice.
  gate.enter(false, "192.0.2.1", { isOver: false, begin: () => (at += 1000), drop: () => undefined });
  const calls = {
    ...{ answered: () => undefined, opened: () => undefined, ended: () => undefined },
    shed: (path: string, why: string) => void shed.push(`${why} ${path}`),
  };
  const worked: string[] = [];
  const dropped: string[] = [];
  const enter = (path: string, isOver: boolean): void => {
    const turn = turnOf({ ...world.given, gate, calls }, { getPath: () => path, getPeer: () => "192.0.2.2:1" });
    if (typeof turn !== "function") throw turn;
    turn(
      { isOver },
      async () => void worked.push(`${path} ${isOver}`),
      () => void dropped.push(path),
    );
  };
  enter(GET, true);
  enter(GET, false);
  enter(VETO, true);
  await new Promise(setImmediate);
  expect([worked, shed]).toEqual([[], []]);
  for (const turn of turns) turn();
  await new Promise(setImmediate);
  expect([worked, shed, dropped]).toEqual([[`${VETO} true`, `${GET} false`], [`late ${GET}`], [GET]]);
});

test("a call that was cancelled while it waited ends when its turn comes, however far away its deadline is", async () => {
  await open(async () => done);
  const loop: (() => void)[] = [];
  const later = (run: () => void): void => void loop.push(run);
  let at = 0;
  const gate = new Gate({ now: () => at, nextTurn: later, afterThis: later });
  const busy = { isOver: false, begin: () => (at += 1000), drop: () => undefined };
  gate.enter(false, "192.0.2.1", busy);
  const ends: string[] = [];
  const calls = {
    ...{ opened: () => undefined, ended: () => undefined, shed: () => undefined },
    answered: (path: string, code: status) => void ends.push(`${status[code]} ${path}`),
  };
  const get = unary({ ...world.given, gate, calls }, submitApp, async () => done);
  const raw = Object.assign(new EventEmitter(), {
    ...{ cancelled: false, metadata: new Metadata(), request: NOTHING },
    ...{ getPath: () => GET, getPeer: () => "192.0.2.2:1", getDeadline: () => Date.now() + 1e9 },
  });
  get(raw as unknown as ServerUnaryCall<Uint8Array, { readonly user: undefined }>, () => undefined);
  raw.cancelled = true;
  raw.emit("cancelled");
  expect(ends).toEqual([]);
  for (const run of loop) run();
  expect(ends).toEqual([`CANCELLED ${GET}`]);
});

/** Commits nothing but an audit entry, `times` times; a refusal says how far it came. */
function committing(times: number, before: (call: Call) => Promise<void>): Handler {
  return async (call, given) => {
    const audit = [{ event: "test.done", tenant: "", actor: "test", subject: "test", detail: {} }] as const;
    for (let i = 0; i < times; i++) {
      if (i === times - 1) await before(call);
      const { epoch } = await given.store.load(7);
      await commitOnce(given, 7, { epoch, writes: [], audit });
    }
    return done;
  };
}

const over = ({ signal }: Call): Promise<void> =>
  new Promise((resolve) => {
    waited += 1;
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
const hasWaited = (): boolean => waited > 0;

const same = (bytes: Buffer): Buffer => bytes;

/** A call that its caller gives up once it is worked on. Resolves with what it ended with for him. */
async function givenUp(path: string): Promise<number> {
  const ended = Promise.withResolvers<number>();
  const call = served.client().makeUnaryRequest(path, same, same, Buffer.of(), bearer(token), (error) => {
    ended.resolve(error?.code ?? status.OK);
  });
  while (!hasWaited()) await new Promise(setImmediate);
  call.cancel();
  return ended.promise;
}

/** What a world has from the start may be in any shard, as its ids are drawn. */
const committed = async (): Promise<number> => {
  const entries = await world.given.store.audit(7, 0, 1000);
  return entries.flatMap(({ events }) => events).filter(({ event }) => event === "test.done").length;
};

/** What becomes of the handler itself, whose caller has gone; the last, where it was asked more than once. */
function settled(handler: Handler): readonly [Handler, () => Promise<string> | undefined] {
  const ends: Promise<string>[] = [];
  return [
    async (call, given) => {
      const end = Promise.withResolvers<string>();
      ends.push(end.promise);
      try {
        return await handler(call, given).finally(() => undefined);
      } catch (error) {
        end.resolve(`stopped: ${(error as Error).message}`);
        throw error;
      } finally {
        end.resolve("done");
      }
    },
    () => ends.at(-1),
  ];
}

test("nothing is committed for a call whose deadline passed while it was worked on", async () => {
  const [handler, end] = settled(committing(1, over));
  await open(handler);
  expect(await tooLate(GET, hasWaited)).toMatchObject({ code: status.DEADLINE_EXCEEDED });
  expect(await end()).toContain("stopped: The call was over");
  expect(await committed()).toBe(0);
});

test("what has begun to commit is finished: half of it would cost others more", async () => {
  const [handler, end] = settled(committing(2, over));
  await open(handler);
  expect(await givenUp(GET)).toBe(status.CANCELLED);
  expect(await end()).toBe("done");
  expect(await committed()).toBe(2);
});

test("a veto is committed also for somebody who has gone", async () => {
  const [handler, end] = settled(committing(1, over));
  await open(handler);
  expect(await givenUp(VETO)).toBe(status.CANCELLED);
  expect(await end()).toBe("done");
  expect(await committed()).toBe(1);
});

test("what a commit sets off belongs to no call: listeners go on when the call is over", async () => {
  const told = Promise.withResolvers<string>();
  const { given } = world;
  const audit = [{ event: "test.done", tenant: "", actor: "test", subject: "test", detail: {} }] as const;
  const stop = given.store.subscribe((shard) => {
    if (shard !== 7) return;
    stop();
    void (async () => {
      await new Promise((resolve) => setTimeout(resolve, 0));
      const { epoch } = await given.store.load(9);
      told.resolve(await commitOnce(given, 9, { epoch, writes: [], audit }));
    })();
  });
  await open(committing(1, async () => undefined));
  await served.call(GET, NOTHING, token);
  expect(await told.promise).toBe("committed");
});
