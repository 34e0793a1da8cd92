// What ends `countersign exec` before anything runs: no token, somebody who is not there. A fake core and a fake key.
import { chmodSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { status } from "@grpc/grpc-js";
import { State } from "@countersign/proto/node/core/v1/content";
import { APP_TOKEN } from "@countersign/sdk/testing";
import { CliWorld, type Ran } from "../testing/cli.ts";

let world: CliWorld;
let executeToken: string;
/** Is there once the command has run. */
let mark: string;

beforeEach(async () => {
  world = await CliWorld.open();
  executeToken = world.write(join(world.folder, "execute-token"), `${APP_TOKEN}\n`);
  mark = join(world.folder, "ran");
});
afterEach(() => world.close());

const exec = (...flags: string[]): Promise<Ran> =>
  world.run("--execute-token", executeToken, ...flags, "exec", "--", "/usr/bin/touch", mark);

/** Its code and what it told; it ran nothing, and stdout is the command's alone. */
async function refusal(running: Promise<Ran>): Promise<{ readonly code: number; readonly err: string }> {
  const { code, out, err } = await running;
  expect([out, existsSync(mark)]).toEqual(["", false]);
  expect(err).not.toContain(APP_TOKEN);
  return { code, err };
}

test.each(["exec", "gate"])(
  "%s without an execute token: exit 2, nothing was created, no key was asked",
  async (name) => {
    const about = ["--target", "shop", "--commit", "4be9ac1", "--who", "erika", "--environment", "production"];
    const words = name === "exec" ? ["--", "/usr/bin/touch", mark] : about;
    const { code, err } = await refusal(world.run(name, ...words));
    expect([code, err]).toEqual([2, expect.stringContaining("--execute-token FILE or COUNTERSIGN_EXECUTE_TOKEN_FILE")]);
    expect([world.core.held.size, world.daemon.asked.length]).toEqual([0, 0]);
  },
);

test.each([0o604, 0o640, 0o620])("an execute token that others may reach (mode %o) is not used", async (mode) => {
  chmodSync(executeToken, mode);
  const { code, err } = await refusal(exec());
  expect([code, err]).toEqual([69, expect.stringContaining(`run: chmod 600 ${executeToken}`)]);
  expect(world.core.held.size).toBe(0);
});

test("an execute token that the core does not know: told before anybody is asked", async () => {
  world.core.errors.set("getVerificationKeys", [{ code: status.UNAUTHENTICATED, reason: "UNAUTHENTICATED" }]);
  const { code, err } = await refusal(exec());
  expect([code, err]).toEqual([77, expect.stringContaining("it was revoked, has ended, or is of another scope")]);
  expect(world.core.held.size).toBe(0);
});

test("a core that is not there", async () => {
  world.core.stop();
  const { code, err } = await refusal(exec("--patience", "0"));
  expect([code, err]).toEqual([69, expect.stringContaining("does not answer")]);
});

test("a daemon that is not there: nothing was created", async () => {
  world.daemon.stop();
  const { code, err } = await refusal(exec());
  expect([code, err]).toEqual([69, expect.stringContaining("start it, or name its socket")]);
  expect(world.core.held.size).toBe(0);
});

test("no key is plugged in: nothing was created", async () => {
  world.daemon.keys.length = 0;
  const { code, err } = await refusal(exec());
  expect([code, err]).toEqual([14, expect.stringContaining("plug it in, or see: countersign doctor")]);
  expect(world.core.held.size).toBe(0);
});

test.each([
  ["is unplugged while it shows", { code: status.UNAVAILABLE, reason: "KEY_LEFT" }, "plug it in, then ask again"],
  [
    "is gone when it is to show",
    { code: status.NOT_FOUND, reason: "NO_KEY" },
    "plug it in, or see: countersign doctor",
  ],
])("the key %s: withdrawn, and what to do is said", async (_name, error, words) => {
  world.daemon.acts.push({ type: "error", error });
  const { code, err } = await refusal(exec());
  expect([code, err]).toEqual([14, expect.stringContaining(words)]);
  expect(world.core.only.transaction.state).toBe(State.CANCELLED);
});

test("no bot of the user's phone is there when it is created", async () => {
  world.core.errors.set("create", [{ code: status.FAILED_PRECONDITION, reason: "NO_CHANNEL" }]);
  const { code, err } = await refusal(exec());
  expect([code, err]).toEqual([15, expect.stringContaining("see: countersign doctor")]);
});

test("the phone cannot be reached while it waits for the code", async () => {
  world.daemon.acts.push({ type: "wait" });
  const running = refusal(exec());
  await world.daemon.askedTimes(1);
  world.core.change(world.core.only, { state: State.UNDELIVERABLE, reason: "UNDELIVERABLE" });
  const { code, err } = await running;
  expect([code, err]).toEqual([15, expect.stringContaining("phone could not be reached")]);
});

test("a program that is none, and a folder in its place", async () => {
  const folder = join(world.folder, "folder");
  mkdirSync(folder);
  const text = join(world.folder, "text");
  writeFileSync(text, "neither\n", { mode: 0o700 });
  const run = (path: string): Promise<Ran> => world.run("--execute-token", executeToken, "exec", "--", path);
  expect(await refusal(run(folder))).toMatchObject({ code: 2 });
  expect((await refusal(run(text))).err).toContain("neither a program of Linux nor a script");
  expect(world.core.held.size).toBe(0);
});
