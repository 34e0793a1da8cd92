// Gates of pipelines: the key is elsewhere, one confirmation lets pass once.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "@jest/globals";
import { tempFolder } from "@countersign/testing";
import { Reason } from "../scenarios/hands.ts";
import { expectExit, Scene, type Somebody } from "../scenarios/scene.ts";
import { expectEnd, startHost, type HostRun } from "./host.ts";

const folder = tempFolder();
let scene: Scene;
let somebody: Somebody;
let runs = 0;

beforeAll(async () => {
  scene = await Scene.open({ folder, mode: "B" });
}, 400_000);
afterAll(() => scene?.close());

/** A runner: no key, no daemon. */
function gate(...args: string[]): HostRun {
  const { userId } = somebody.desk;
  const runner = { userId, daemonSocket: join(folder, "nowhere"), folder: mkdtempSync(join(folder, "runner-")) };
  const about = ["--target", "shop", "--commit", "4be9ac1", "--who", "erika", "--environment", "production"];
  return startHost({ installation: scene.installation, desk: runner }, "gate", ...about, ...args);
}

const nextRun = (): string => `${process.pid}/${(runs += 1)}`;

/** What waits for him, seen on his own PC. */
async function waiting(): Promise<readonly Readonly<Record<string, unknown>>[]> {
  return (await expectExit(somebody.run("approve"), 0)).told;
}

const whatIsTold = async (run: HostRun, exit: number): Promise<string> => (await expectEnd(run, exit)).stderr;

/** Takes it up on his own PC and confirms. */
async function approve(which: string | undefined, ...flags: string[]): Promise<void> {
  const approving = somebody.run(...flags, "approve", ...(which === undefined ? [] : [which]));
  await somebody.hands.confirm();
  const { told } = await expectExit(approving, 0);
  expect(told.at(-1)).toMatchObject({ state: "CONFIRMED", final: true });
}

beforeEach(async () => {
  somebody = await scene.user();
});

test("who, commit, target and environment are shown; confirmed elsewhere it opens once, and never again for this run", async () => {
  const id = nextRun();
  const first = gate("--id", id, "--receipts", folder);
  const { transactionId, tag, lines } = await first.tells("tag");
  expect(
    (lines as { name: string; value: string }[]).slice(0, 5).map(({ name, value }) => `${name}: ${value}`),
  ).toEqual([
    ...["Target: shop", "Version: 4be9ac1", "Environment: production", "User: erika", `Reference: run ${id}`],
  ]);
  expect(await waiting()).toContainEqual(expect.objectContaining({ state: "PENDING", transactionId, tag }));
  await approve(String(tag));
  const end = await expectEnd(first, 0);
  expect(end.told.at(-1)).toMatchObject({ state: "EXECUTED", final: true, exit: 0 });
  await expectExit(somebody.run("verify", String(end.told.at(-1)?.["receiptFile"])), 0);
  const again = await expectEnd(gate("--id", id), 22);
  expect(again.told.at(-1)).toMatchObject({ exit: 22, message: expect.stringContaining("taken up before") as unknown });
  await expectEnd(gate("--id", id, "--reason", "something else"), 22);
  expect(await waiting()).toEqual([]);
}, 400_000);

test("two gates of one run at the same time: one passes", async () => {
  const id = nextRun();
  const both = [gate("--id", id), gate("--id", id)];
  const [tag] = await Promise.all(both.map(async (one) => (await one.tells("tag"))["tag"]));
  await approve(String(tag));
  const ends = await Promise.all(both.map(async ({ ended }) => (await ended).exit));
  expect(new Set(ends)).toEqual(new Set([0, 22]));
}, 400_000);

test("asked by one host, opened by another: --until confirmed needs no token that executes", async () => {
  const id = nextRun();
  const asking = gate("--id", id, "--until", "confirmed", "--execute-token", "/nowhere");
  await approve(String((await asking.tells("tag"))["tag"]));
  expect((await expectEnd(asking, 0)).told.at(-1)).toMatchObject({ state: "CONFIRMED", final: true });
  await expectEnd(gate("--id", id), 0);
  await expectEnd(gate("--id", id), 22);
}, 400_000);

test("a file that changes or goes while it is shown: shut, and the confirmation is spent", async () => {
  const file = join(folder, "release.tar");
  for (const until of ["open", "confirmed"]) {
    for (const change of [() => writeFileSync(file, "other"), () => rmSync(file)]) {
      writeFileSync(file, "release");
      const run = gate("--payload", file, "--until", until);
      const { tag } = await run.tells("tag");
      change();
      await approve(String(tag));
      const { told } = await expectEnd(run, 24);
      expect(told.at(-1)).toMatchObject({ exit: 24, message: expect.stringContaining("stays shut") as unknown });
      somebody = await scene.user();
    }
  }
}, 400_000);

test("the token that a gate hands out opens this one transaction to its user's client", async () => {
  const file = join(folder, `handed-${nextRun().replace("/", "-")}`);
  const run = gate("--token-out", file);
  await run.tells("tag");
  expect(readFileSync(file, "utf8")).toMatch(/^cs_/);
  await approve(undefined, "--token-file", file);
  await expectEnd(run, 0);
}, 400_000);

test("a no on the key, a no in the chat, and nobody in time: shut, and nothing waits any longer", async () => {
  const refused = gate();
  const approving = somebody.run("approve", String((await refused.tells("tag"))["tag"]));
  await somebody.hands.keyShows("pages");
  await somebody.hands.reject(Reason.WRONG_DATA);
  await expectExit(approving, 10);
  await expectEnd(refused, 10);

  const vetoed = gate();
  const message = await somebody.hands.phoneSays(String((await vetoed.tells("tag"))["tag"]));
  await somebody.hands.phone.press(message, "Wrong data");
  await expectEnd(vetoed, 13);

  expect((await expectEnd(gate("--timeout", "1"), 11)).told.at(-1)).toMatchObject({ state: "EXPIRED" });
  const left = gate();
  await left.tells("step", "EQUAL");
  left.process.kill("SIGTERM");
  await expectEnd(left, 17);
  expect(await waiting()).toEqual([]);
}, 400_000);

test("what fails says what to do, and passes nothing", async () => {
  expect(await whatIsTold(gate("--core", "127.0.0.1:9", "--patience", "0"), 69)).toContain("does not answer");
  expect(await whatIsTold(gate("--execute-token", join(folder, "none")), 69)).toContain("no such file");
  const { submitTokenFile } = scene.installation;
  const taken = join(folder, "taken");
  const wrong = gate("--execute-token", submitTokenFile, "--token-out", taken);
  await approve(String((await wrong.tells("tag"))["tag"]));
  expect(await whatIsTold(wrong, 77)).toContain("of another scope");
  expect(existsSync(taken)).toBe(true);
  expect(await whatIsTold(gate("--token-out", taken), 2)).toContain("--token-out");
}, 400_000);
