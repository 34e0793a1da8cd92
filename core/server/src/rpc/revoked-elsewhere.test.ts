// An app that another core switched off: its open streams end here too, hint or none.
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "@jest/globals";
import { status } from "@grpc/grpc-js";
import { TransactionServiceService } from "@countersign/proto/node/core/v1/transaction_service";
import { tempFolder, testWith } from "@countersign/testing";
import type { CoreGiven } from "../given.ts";
import { BELIEVED_MS } from "../identity/directory.ts";
import { appKey } from "../identity/entity-key.ts";
import { shardOfKey, type HexId } from "../store/entity.ts";
import { openTestStore } from "../store/redis/testing/open-test-store.ts";
import { hasRedis, startRedis, type RedisServer } from "../store/redis/testing/redis-server.ts";
import { drawId } from "../store/store-fixture.ts";
import type { Store } from "../store/store.ts";
import { CoreWorld } from "../testing/core-world.ts";
import { bearer, endedBy, serveWorld, type Ended, type ServedWorld } from "../testing/serve-world.ts";
import { ASK_AGAIN_MS, serverStream, submitApp } from "./handler.ts";

const WATCH = "/countersign.core.v1.TransactionService/Watch";
const raw = (bytes: Buffer): Buffer => bytes;
const peerTest = testWith("redis", hasRedis);
const folder = tempFolder();
let redis: RedisServer | undefined;
let served: ServedWorld | undefined;

beforeAll(async () => {
  if (hasRedis) redis = await startRedis({ folder: join(folder, "redis") });
});
afterEach(() => served?.close());
afterAll(() => redis?.stop());

/** An open stream of the app at the core of `given`: resolves when it is open, with its end. */
async function streamAt(given: CoreGiven, token: string): Promise<{ readonly ended: Promise<Ended> }> {
  const watch = serverStream(given, submitApp, async (_request, { signal }, send) => {
    await send({ transaction: undefined, cursor: "x" });
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
  });
  served = await serveWorld([{ definition: { watch: TransactionServiceService.watch }, implementation: { watch } }]);
  const stream = served.client().makeServerStreamRequest(WATCH, raw, raw, Buffer.alloc(0), bearer(token));
  const ended = new Promise<Ended>((resolve) => {
    stream.once("error", (error) => resolve(endedBy(error as Parameters<typeof endedBy>[0])));
  });
  await new Promise<void>((resolve) => stream.once("data", () => resolve()));
  return { ended };
}

async function switchOff(store: Store, tenantId: HexId, appId: HexId): Promise<void> {
  const key = appKey(tenantId, appId);
  const { entities, epoch } = await store.load(shardOfKey(key), key);
  const [{ body, version }] = entities;
  if (body === undefined) throw new Error("the app exists");
  const outcome = await store.commit(shardOfKey(key), {
    changeId: drawId(),
    epoch,
    writes: [{ key, expected: version, body: { ...body, disabled: true } }],
    audit: [{ event: "app.disabled", tenant: tenantId, actor: "admin", subject: "app", detail: {} }],
  });
  expect(outcome).toBe("committed");
}

peerTest("over Redis, by the hint", async () => {
  const prefix = drawId();
  const port = redis?.port ?? 0;
  const world = await CoreWorld.open({ open: (clock) => openTestStore(port, prefix, { clock }) });
  const { token, appId } = await world.addApp(world.tenantId, "submit");
  const other = await openTestStore(port, prefix, { clock: world.clock });
  const { ended } = await streamAt({ ...world.given, store: other, soleCore: false }, token);
  await switchOff(world.given.store, world.tenantId, appId);
  expect(await ended).toMatchObject({ code: status.UNAUTHENTICATED });
  await other.close();
  await world.given.store.close();
});

test("check 21: who asks by himself learns of it within a second, with time left for the asking", () => {
  expect(BELIEVED_MS + ASK_AGAIN_MS).toBeLessThanOrEqual(900);
});

test("check 21: by itself, where the hint was lost", async () => {
  const world = await CoreWorld.open();
  const { token, appId } = await world.addApp(world.tenantId, "submit");
  const deaf = new Proxy(world.given.store, {
    get: (target, name) => {
      if (name === "subscribe") return () => () => undefined;
      const member = Reflect.get(target, name) as unknown;
      return typeof member === "function" ? (member.bind(target) as unknown) : member;
    },
  });
  const { ended } = await streamAt({ ...world.given, store: deaf, soleCore: false }, token);
  await switchOff(world.given.store, world.tenantId, appId);
  world.clock.advance(BELIEVED_MS);
  expect(await ended).toMatchObject({ code: status.UNAUTHENTICATED });
});
