// Real sudo, whose rules allow countersign-run alone: what runs is what the owner of the account confirmed, or nothing.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect } from "@jest/globals";
import { tempFolder, testWith } from "@countersign/testing";
import { Reason } from "../scenarios/hands.ts";
import type { Somebody } from "../scenarios/scene.ts";
import { addSudoRules, asAccount, onTerminal, type Typed, type TypedEnd } from "./peers.ts";
import { hasSudo, RunHost } from "./run-host.ts";

const sudoTest = testWith("sudo", hasSudo);
const folder = tempFolder();
const leave: (() => unknown)[] = [];
let host: RunHost;

beforeAll(async () => {
  if (hasSudo) host = await RunHost.open(folder);
}, 400_000);
afterEach(() => {
  for (const one of leave.splice(0).toReversed()) one();
});
afterAll(() => host?.close());

/** Another owner of the account, whose key is at his own desk. */
async function owner(more: Record<string, unknown> = {}): Promise<Somebody> {
  const somebody = await host.scene.user();
  const settings = host.configure(somebody.desk.userId, more);
  leave.push(() => settings.remove());
  return somebody;
}

/** At his own desk the owner takes up what the terminal names, and does this to it. */
async function takingUp<T>(run: Typed, { run: client }: Somebody, act: () => Promise<T>): Promise<T> {
  const [, tag = ""] = await run.shows(/^ {2}([A-Z]+ [A-Z]+) {2}Run /m);
  const { ended } = client("approve", tag);
  const done = await act().catch(async (cause: unknown) => {
    throw new Error(`approve ${tag}: ${(await ended).output}`, { cause });
  });
  await ended;
  return done;
}

/** Nothing ran, and it ended so. */
async function expectNothing(run: Typed, mark: string, exit: number, words: string): Promise<TypedEnd> {
  const end = await run.ended;
  expect({ ...end, ran: existsSync(mark) }).toEqual({
    exitCode: exit,
    output: expect.stringContaining(words) as unknown,
    ran: false,
  });
  return end;
}

sudoTest(
  "confirmed at another desk it runs exactly what was shown, as root, and ends as the command does",
  async () => {
    const ada = await owner();
    const mark = host.newMark();
    const words = ["/bin/sh", "-c", 'id -un >"$0"; printf "[%s]" "$@" >>"$0"; exit 7', mark, "a  b", "$HOME", "'\\n"];
    const run = host.sudo(...words);
    const pages = await takingUp(run, ada, () => ada.hands.confirm());
    const end = await run.ended;
    expect(end).toEqual({ exitCode: 7, output: end.output });
    expect(readFileSync(mark, "utf8")).toBe("root\n[a  b][$HOME]['\\n]");
    const shown = pages
      .map(({ label, value }) => `${label}: ${value}`)
      .join("\n")
      .replaceAll(/\s/g, "");
    for (const part of [`Host:${hostname()}`, "User:root", "Command:/bin/sh", "Argument:-c", "Argument:$HOME"])
      expect(shown).toContain(part);
  },
  400_000,
);

sudoTest(
  "rejected on the key, rejected in the chat, withdrawn: nothing runs",
  async () => {
    const ada = await owner();
    const mark = host.newMark();
    const command = ["/usr/bin/touch", mark];
    const onKey = host.sudo(...command);
    await takingUp(onKey, ada, async () => {
      await ada.hands.keyShows("pages");
      await ada.hands.reject(Reason.WRONG_DATA);
    });
    await expectNothing(onKey, mark, 10, "Stopped by the user on the key");

    const inChat = host.sudo(...command);
    await takingUp(inChat, ada, async () => {
      const pages = await ada.hands.readAndProve();
      const message = await ada.hands.phoneSays(pages.at(-1)?.tag ?? "no tag");
      await ada.hands.phone.press(message, "Wrong data");
    });
    await expectNothing(inChat, mark, 13, "Stopped by the user in the chat");

    const withdrawn = host.sudo(...command);
    await withdrawn.shows(/Ctrl-C withdraws/);
    withdrawn.interrupt();
    await expectNothing(withdrawn, mark, 17, "Withdrawn by you");
  },
  400_000,
);

sudoTest(
  "core, settings, account, arguments: whatever is away or cannot be shown runs nothing, and says what to do",
  async () => {
    const mark = host.newMark();
    const touch = ["/usr/bin/touch", mark];
    await owner({ core: "127.0.0.1:9", patience: 0 });
    await expectNothing(host.sudo(...touch), mark, 69, "does not answer");
    await expectNothing(host.sudo("/usr/bin/touch", mark, "\u001B[2J\u202E"), mark, 69, "does not answer");
    await expectNothing(host.sudo(...touch, "x".repeat(100_000)), mark, 2, "put it into a script");
    await expectNothing(host.sudo("./touch", mark), mark, 2, "is no executable file");
    await expectNothing(host.sudo(), mark, 2, "usage: sudo countersign-run");
    for (const one of leave.splice(0)) one();
    await expectNothing(host.sudo(...touch), mark, 2, "there is no such file");
    const alone = onTerminal(`${host.program} /usr/bin/touch ${mark}`, folder);
    await expectNothing(alone, mark, 2, "countersign-run is for sudo");
    const other = onTerminal(`SUDO_USER=../../tmp/x ${host.program} /usr/bin/touch ${mark}`, folder);
    await expectNothing(other, mark, 2, "countersign-run is for sudo");
  },
  400_000,
);

sudoTest(
  "what the caller puts on his PATH and into his environment does not run, where sudo lets both through",
  async () => {
    await owner({ core: "127.0.0.1:9", patience: 0 });
    const kept = ["PATH", "NODE_OPTIONS", "ENV", "COUNTERSIGN_CORE", "COUNTERSIGN_CONFIG"];
    const rules = addSudoRules([`Defaults:${host.account.name} !secure_path, env_keep += "${kept.join(" ")}"`]);
    leave.push(() => rules.remove());
    const mark = host.newMark();
    const own = join(host.account.home, "bin");
    mkdirSync(own);
    for (const name of ["env", "sh", "node", "countersign", "touch"])
      writeFileSync(join(own, name), `#!/bin/sh\n/usr/bin/touch ${mark}\n`, { mode: 0o755 });
    const script = join(own, "evil.cjs");
    writeFileSync(script, `require("node:fs").writeFileSync(${JSON.stringify(mark)}, "")`);
    const set = [`PATH=${own}:/usr/bin:/bin`, `NODE_OPTIONS=--require=${script}`, `ENV=${join(own, "env")}`];
    set.push("COUNTERSIGN_CORE=127.0.0.1:10", `COUNTERSIGN_CONFIG=${own}/none`);
    const run = asAccount(host.account, ["/usr/bin/env", ...set, "/usr/bin/sudo", host.program, "/usr/bin/true"]);
    await expectNothing(run, mark, 69, "does not answer");
  },
  400_000,
);
