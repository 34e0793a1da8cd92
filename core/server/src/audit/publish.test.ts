// Heads on their way out of the core: signed in time, in a file, by HTTP.
import { createServer, type IncomingMessage, type Server } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { describeAuditFault, HeadBook, openAuditHead, type OpenedHead } from "@countersign/protocol";
import { tempFolder } from "@countersign/testing";
import type { CoreGiven } from "../given.ts";
import { CoreWorld } from "../testing/core-world.ts";
import { HeadFile } from "./head-file.ts";
import { HeadPublishing, type HeadPlace } from "./head-publishing.ts";
import { HeadWebhook } from "./head-webhook.ts";
import { seal } from "./seal.ts";
import { Sealer } from "./sealer.ts";
import { HEAD_SHARD, headCountKey, headKey, headOf, HEADS, KEPT_HEADS, listHeads } from "./stored-heads.ts";

const folder = tempFolder();
let world: CoreWorld;
let given: CoreGiven;
let runs = 0;
let path: string;
beforeEach(async () => {
  world = await CoreWorld.open();
  ({ given } = world);
  path = join(folder, `heads-${++runs}.jsonl`);
});

const opened = (line: string): OpenedHead => {
  const head = openAuditHead(line, { serverId: given.serverId, publicKeys: [given.secrets.publicKey] });
  if (typeof head === "string") throw new Error(head);
  return head;
};
const linesOf = (file: string): string[] => readFileSync(file, "utf8").split("\n").slice(0, -1);
const numbersIn = (file: string): number[] => linesOf(file).map((line) => opened(line).number);
const write = (): Promise<unknown> => world.addApp(world.tenantId, "submit");

const old = (number: number) => ({
  ...{ key: headKey(number), expected: "", body: { number, at: 0, line: "old" } },
  index: { owner: HEADS, sort: number },
});

describe("sealing", () => {
  test("what two cores seal at a time is one head, and each follows the one before it", async () => {
    // Another core is another object over the same store.
    const store = new Proxy(given.store, {
      get: (inner, name) => (inner[name as keyof typeof inner] as () => unknown).bind(inner),
    });
    await Promise.all([seal(given), seal({ ...given, store })]);
    expect((await listHeads(given, { before: undefined, limit: 10 })).map(({ number }) => number)).toEqual([1]);
    await write();
    const second = opened((await seal(given)).line);
    expect(second.previous).toEqual(opened((await headOf(given, 1))!.line).hash);
    const entries = await given.store.audit(HEAD_SHARD, 1, 10);
    const [event] = entries.flatMap(({ events }) => events).filter((one) => one.event === "audit.sealed");
    expect(event?.detail).toMatchObject({ number: 1, root: expect.stringMatching(/^[0-9a-f]{64}$/) });
  });

  test("the newest are kept and no others", async () => {
    const count = { key: headCountKey, expected: "", body: { number: KEPT_HEADS + 1, posted: 0 } };
    await world.commit(HEAD_SHARD, [count, old(2), old(3)]);
    await seal(given);
    const numbers = (await listHeads(given, { before: undefined, limit: 10 })).map(({ number }) => number);
    expect(numbers).toEqual([KEPT_HEADS + 2, 3]);
  });

  test("by time: not before it, once after it, and not where another core has just sealed", async () => {
    const sealer = new Sealer(given, { everyMs: 60_000, entries: 0 }, () => undefined);
    sealer.start();
    await sealer.look();
    expect(await headOf(given, 1)).toBeUndefined();
    world.clock.advance(60_000);
    await sealer.look();
    await sealer.look();
    expect([(await headOf(given, 1)) !== undefined, await headOf(given, 2)]).toEqual([true, undefined]);
    world.clock.advance(60_000);
    await seal(given);
    await sealer.look();
    expect(await headOf(given, 3)).toBeUndefined();
    await sealer.stop();
  });

  test("by the number of changes, and whoever publishes is told", async () => {
    let told = 0;
    const sealer = new Sealer(given, { everyMs: 0, entries: 3 }, () => (told += 1));
    sealer.start();
    await write();
    await sealer.look();
    expect(await headOf(given, 1)).toBeUndefined();
    for (let i = 0; i < 3; i++) await write();
    await sealer.look();
    expect(await headOf(given, 1)).toBeDefined();
    expect(told).toBe(1);
    await sealer.stop();
  });
});

describe("in a file", () => {
  test("every head once, in order, also over restarts and what a crash left of a line", async () => {
    const file = new HeadFile(given, path);
    await file.publish();
    await seal(given);
    await seal(given);
    await file.publish();
    await file.publish();
    expect(numbersIn(path)).toEqual([1, 2]);
    appendFileSync(path, '{"seal":"{');
    await seal(given);
    await new HeadFile(given, path).publish();
    expect(numbersIn(path)).toEqual([1, 2, 3]);
  });

  test("another installation's is not gone on with", async () => {
    writeFileSync(path, "{}\n");
    await expect(new HeadFile(given, path).publish()).rejects.toThrow("is not a head of this installation");
    expect(readFileSync(path, "utf8")).toBe("{}\n");
  });

  test("a store that was set back and went on has its fork in the file", async () => {
    const file = new HeadFile(given, path);
    for (let i = 0; i < 3; i++) {
      await write();
      await seal(given);
    }
    await file.publish();
    // The same secrets on the store as it was before all that.
    const other = await CoreWorld.open();
    given = { ...other.given, secrets: given.secrets, serverId: given.serverId };
    await seal(given);
    await seal(given);
    const logged: string[] = [];
    const log = { ...given.log, error: (_fields: object, message: string) => void logged.push(message) };
    const goneOn = new HeadFile({ ...given, log }, path);
    await goneOn.publish();
    await seal(given);
    await goneOn.publish();
    expect(logged).toEqual([expect.stringContaining("it was set back")]);
    expect(numbersIn(path)).toEqual([1, 2, 3, 3]);
    const book = new HeadBook();
    linesOf(path).forEach((line, i) => book.add({ name: `line ${i + 1}`, head: opened(line) }));
    expect(book.forks().map(describeAuditFault).join()).toContain("line 3 and line 4");
  });
});

const posted = async (): Promise<number | undefined> =>
  (await given.store.load(HEAD_SHARD, headCountKey)).entities[0].body?.posted;

describe("by HTTP", () => {
  let server: Server;
  let taken: { readonly body: string; readonly request: IncomingMessage }[];
  let statuses: number[];
  beforeEach(async () => {
    [taken, statuses] = [[], []];
    server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        taken.push({ body: Buffer.concat(chunks).toString("utf8"), request });
        response.writeHead(statuses.shift() ?? 204, { location: "/elsewhere" }).end();
      });
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
  });
  afterEach(() => void server.close());

  const url = (): string => `http://heads.example:${(server.address() as AddressInfo).port}/taken?by=us`;
  const seams = { resolve: async () => [{ address: "127.0.0.1", family: 4 }], longestMs: 120_000 };
  const webhook = (allow: readonly string[] = ["heads.example"]): HeadWebhook =>
    new HeadWebhook(given, { url: url(), allow }, seams);
  const never = new AbortController().signal;

  test("each head is posted once, signed, to the host by its name; what was taken is in the audit", async () => {
    await seal(given);
    await seal(given);
    await webhook().publish(never);
    await webhook().publish(never);
    expect(taken.map(({ body }) => opened(body).number)).toEqual([1, 2]);
    const { headers, url: asked } = taken[0]!.request;
    expect([headers.host, asked]).toEqual([new URL(url()).host, "/taken?by=us"]);
    expect(headers["content-type"]).toBe("application/countersign-audit-head+json");
    expect(await posted()).toBe(2);
  });

  test.each([[500], [302]])("%d is no yes: it is posted again, and nobody is followed", async (status) => {
    statuses = [status];
    await seal(given);
    await expect(webhook().publish(never)).rejects.toThrow(`answered ${status} to head 1`);
    expect(await posted()).toBe(0);
    await webhook().publish(never);
    expect(taken.map(({ request }) => request.url)).toEqual(["/taken?by=us", "/taken?by=us"]);
    expect(await posted()).toBe(1);
  });

  test("a name that leads into the own network is not connected to, unless it is named", async () => {
    await seal(given);
    await expect(webhook(["other.example"]).publish(never)).rejects.toThrow("127.0.0.1 is not a public address");
    expect(taken).toEqual([]);
    await webhook(["127.0.0.1"]).publish(never);
    expect(taken).toHaveLength(1);
  });
});

test("a place that fails is told again after ever longer, keeps no other waiting, and hears of all there is then", async () => {
  const waits: number[] = [];
  const told: string[] = [];
  const done = Promise.withResolvers<void>();
  const failing: HeadPlace = {
    name: "failing",
    publish: async () => {
      if (waits.length < 3) throw new Error("no");
      told.push("failing");
      done.resolve();
    },
  };
  const other: HeadPlace = { name: "other", publish: async () => void told.push("other") };
  const publishing = new HeadPublishing(given, [failing, other], async (ms) => void waits.push(ms));
  publishing.start();
  await done.promise;
  expect(waits).toEqual([1000, 2000, 4000]);
  expect(told).toEqual(["other", "failing"]);
  await publishing.stop();
});
