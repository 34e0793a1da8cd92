// WAIT and WAITAOF against a scripted server: the installed one is older than WAITAOF.
import { afterEach, expect, test } from "@jest/globals";
import { LinkError, type LinkFailure, type RedisLink } from "./redis-link.ts";
import { OUTCOME_SCRIPT } from "./scripts.ts";
import { openStandaloneLink } from "./standalone-link.ts";
import { hasWaitAof } from "./start-checks.ts";
import { linkTo } from "./testing/open-test-store.ts";
import { until } from "./testing/redis-cluster.ts";
import { startScriptedRedis, type Answer, type ScriptedRedis } from "./testing/scripted-redis.ts";

const open: { readonly server: ScriptedRedis; readonly link: RedisLink }[] = [];

async function connect(
  answers: Readonly<Record<string, string | undefined>>,
  durability: { replicas: number; waitAof: boolean; waitMs: number },
  deadlineMs = 30_000,
): Promise<{ server: ScriptedRedis; link: RedisLink }> {
  const all: Readonly<Record<string, string | undefined>> = { HELLO: "%1\r\n$5\r\nproto\r\n:3\r\n", ...answers };
  const answer: Answer = ([name = ""]) => (name in all ? all[name] : "+OK\r\n");
  const server = await startScriptedRedis(answer);
  const link = await openStandaloneLink(linkTo([server.port], { durability, deadlineMs }));
  open.push({ server, link });
  return { server, link };
}

afterEach(async () => {
  for (const { server, link } of open.splice(0)) {
    await link.close();
    await server.stop();
  }
});

const call = { script: OUTCOME_SCRIPT, keys: ["k"], args: ["1", "0", "0"] };

test.each([
  { name: "disk and replica have it", reply: "*2\r\n:1\r\n:1\r\n", held: true },
  { name: "the disk has not", reply: "*2\r\n:0\r\n:1\r\n", held: false },
  { name: "the replica has not", reply: "*2\r\n:1\r\n:0\r\n", held: false },
  {
    name: "an error",
    reply: "-ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.\r\n",
    held: false,
  },
  { name: "something else", reply: "+OK\r\n", held: false },
])("WAITAOF: $name", async ({ reply, held }) => {
  const answers = { EVALSHA: "$9\r\ncommitted\r\n", WAITAOF: reply };
  const { server, link } = await connect(answers, { replicas: 1, waitAof: true, waitMs: 77 });
  expect(await link.write(call)).toEqual({ reply: "committed", held });
  const sent = server.seen.filter(({ command }) => ["EVALSHA", "WAITAOF"].includes(command[0]!));
  expect(sent.map(({ command }) => command[0])).toEqual(["EVALSHA", "WAITAOF"]);
  expect(sent[1]!.command).toEqual(["WAITAOF", "1", "1", "77"]);
  expect(sent[0]!.connection).toBe(sent[1]!.connection);
});

test.each([
  { count: 2, held: true },
  { count: 1, held: false },
  { count: 0, held: false },
])("WAIT for 2 replicas that says $count", async ({ count, held }) => {
  const answers = { EVALSHA: "$9\r\ncommitted\r\n", WAIT: `:${count}\r\n` };
  const { server, link } = await connect(answers, { replicas: 2, waitAof: false, waitMs: 50 });
  expect(await link.write(call)).toEqual({ reply: "committed", held });
  expect(server.seen.map(({ command }) => command[0])).not.toContain("WAITAOF");
});

test("writes of one turn share one WAIT, which comes after all of them", async () => {
  const answers = { EVALSHA: "$9\r\ncommitted\r\n", WAIT: ":1\r\n" };
  const { server, link } = await connect(answers, { replicas: 1, waitAof: false, waitMs: 50 });
  await Promise.all([link.write(call), link.write(call), link.write(call)]);
  const names = server.seen.map(({ command }) => command[0]).filter((name) => name === "EVALSHA" || name === "WAIT");
  expect(names).toEqual(["EVALSHA", "EVALSHA", "EVALSHA", "WAIT"]);
});

test("what is written while one WAIT holds the connection gathers behind it, and shares the next", async () => {
  const { promise: heldUp, resolve: release } = Promise.withResolvers<void>();
  const answers = { EVALSHA: "$9\r\ncommitted\r\n", WAIT: undefined };
  const { server, link } = await connect(answers, { replicas: 1, waitAof: false, waitMs: 50 }, 20_000);
  server.onSeen((connection, [name]) => {
    if (name !== "WAIT") return;
    void heldUp.then(() => server.send(connection, ":1\r\n"));
  });
  const first = link.write(call);
  await until(() => Promise.resolve(server.seen.some(({ command }) => command[0] === "WAIT")));
  const later: Promise<unknown>[] = [];
  for (let turn = 0; turn < 5; turn++) {
    later.push(link.write(call));
    await new Promise(setImmediate);
  }
  release();
  await Promise.all([first, ...later]);
  const names = server.seen.map(({ command }) => command[0]).filter((name) => name === "EVALSHA" || name === "WAIT");
  expect(names).toEqual(["EVALSHA", "WAIT", ...Array.from({ length: 5 }, () => "EVALSHA"), "WAIT"]);
});

test("a server that does not know the script is sent its text, and asked again afterwards", async () => {
  const answers = { EVALSHA: "-NOSCRIPT No matching script.\r\n", EVAL: "$4\r\nvoid\r\n", WAIT: ":1\r\n" };
  const { server, link } = await connect(answers, { replicas: 1, waitAof: false, waitMs: 50 });
  expect(await link.write(call)).toEqual({ reply: "void", held: true });
  const names = server.seen.map(({ command }) => command[0]).filter((name) => /^(EVAL|WAIT)/.test(name!));
  expect(names).toEqual(["EVALSHA", "WAIT", "EVAL", "WAIT"]);
});

test("without replicas or WAITAOF nothing is waited for", async () => {
  const answers = { EVALSHA: "$9\r\ncommitted\r\n" };
  const { server, link } = await connect(answers, { replicas: 0, waitAof: false, waitMs: 50 });
  expect((await link.write(call)).held).toBe(true);
  expect(server.seen.some(({ command }) => command[0]!.startsWith("WAIT"))).toBe(false);
});

test.each([
  { reply: "*2\r\n:1\r\n:0\r\n", found: true },
  { reply: "-ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.\r\n", found: false },
  { reply: "-ERR unknown command 'WAITAOF', with args beginning with: '0' '0' '0'\r\n", found: false },
])("the probe for WAITAOF: $reply", async ({ reply, found }) => {
  const { link } = await connect({ WAITAOF: reply }, { replicas: 0, waitAof: false, waitMs: 50 });
  expect(await hasWaitAof(link)).toBe(found);
});

const failures: readonly (readonly [string, LinkFailure])[] = [
  ["OOM command not allowed when used memory > 'maxmemory'.", "full"],
  ["READONLY You can't write against a read only replica.", "read-only"],
  ["NOREPLICAS Not enough good replicas to write.", "no-replicas"],
  ["CLUSTERDOWN The cluster is down", "cluster-down"],
  ["TRYAGAIN Multiple keys request during rehashing of slot", "cluster-down"],
  ["LOADING Redis is loading the dataset in memory", "loading"],
  ["MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.", "master-down"],
  ["NOPERM this user has no permissions to run the 'evalsha' command", "refused"],
  ["WRONGTYPE Operation against a key holding the wrong kind of value", "refused"],
  ["something that no version says today", "lost"],
];

test.each(failures)("-%s is %s", async (message, failure) => {
  const { link } = await connect({ EVALSHA: `-${message}\r\n` }, { replicas: 0, waitAof: false, waitMs: 50 });
  await expect(link.write(call)).rejects.toMatchObject({ name: "LinkError", failure });
  await expect(link.read(call)).rejects.toMatchObject({ failure });
});

test("a server that hangs costs a bounded queue: what comes on top is refused at once, and was not sent", async () => {
  const { server, link } = await connect({ EVALSHA: undefined }, { replicas: 0, waitAof: false, waitMs: 50 }, 60_000);
  let refused = 0;
  const { promise: one, resolve } = Promise.withResolvers<unknown>();
  for (let i = 0; i < 20_010; i++) {
    link.write(call).catch((error: unknown) => {
      refused += 1;
      resolve(error);
    });
  }
  expect(await one).toMatchObject({ name: "LinkError", failure: "lost" });
  await new Promise(setImmediate);
  expect(refused).toBe(10);
  server.disconnect();
  await until(() => Promise.resolve(refused === 20_010));
});

test("a server that answers nothing: every call ends at its deadline", async () => {
  const answers = { EVALSHA: undefined, GET: undefined, INFO: undefined };
  const { link } = await connect(answers, { replicas: 1, waitAof: false, waitMs: 50 }, 5000);
  const calls = [link.write(call), link.read(call), link.command("k", ["GET", "k"]), link.everywhere(["INFO"])];
  for (const result of await Promise.allSettled(calls)) {
    expect(result).toMatchObject({ status: "rejected", reason: expect.any(LinkError) as unknown });
    expect((result as PromiseRejectedResult).reason).toMatchObject({ failure: "deadline" });
  }
});
