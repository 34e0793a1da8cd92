// The security key from the drawer, from its first PIN to a payment: mode C, with real processes and a real terminal.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect } from "@jest/globals";
import { tempFolder, testWith } from "@countersign/testing";
import { ROOT } from "@countersign/testing/child";
import { readLedger } from "../installation.ts";
import { startFidoDesk, type FidoDesk } from "./fido-desk.ts";
import { freshFile } from "./fresh-file.ts";
import { wrongOf } from "./hands.ts";
import { expectExit, Scene, type Somebody } from "./scene.ts";
import { startInTerminal, type TerminalClient } from "./terminal-client.ts";

const INVOICE = join(ROOT, "examples/bank/samples/invoice.xml");
const peerTest = testWith("script", existsSync("/usr/bin/script"));

const folder = tempFolder();
let scene: Scene;
let desk: FidoDesk;
let somebody: Somebody;
const terminals: TerminalClient[] = [];

beforeAll(async () => {
  scene = await Scene.open({ folder, mode: "B", policy: { keyModels: ["emulator"] } });
  const newcomer = scene.newcomer();
  await scene.parts.users.create({
    requestId: randomUUID(),
    userId: newcomer.userId,
    phrase: "blue teapot",
    locale: "en",
  });
  desk = await startFidoDesk(scene.installation, newcomer);
  somebody = scene.meet(desk);
}, 400_000);
afterAll(async () => {
  for (const terminal of terminals) terminal.kill();
  await desk?.stop();
  await scene?.close();
});

const executions = (): number => readLedger(scene.installation).filter(({ type }) => type === "transaction").length;

function inTerminal(...args: string[]): TerminalClient {
  const terminal = startInTerminal(scene.installation, desk, args);
  terminals.push(terminal);
  return terminal;
}

async function touch(): Promise<void> {
  await somebody.hands.keyShows("fido");
  await somebody.hands.key.press("ok");
}

/** The code of the newest prompt, typed in the terminal, then a touch. */
async function confirmIn(terminal: TerminalClient, code: string): Promise<void> {
  await terminal.until(/Code from your phone: /);
  terminal.type(`${code}\r`);
  await touch();
}

/** The code of the message about this. */
async function codeAbout(line: string): Promise<string> {
  const { text } = await somebody.hands.phoneSays(line);
  const code = /Code: ([\d ]+)/.exec(text)?.[1]?.replaceAll(" ", "") ?? "";
  return code;
}

peerTest(
  "a FIDO2 key gets its PIN, is enrolled, linked, and pays with a code typed here; a wrong one is asked again",
  async () => {
    const { run, hands } = somebody;
    desk.willType(desk.pin, desk.pin);
    await expectExit(run("key", "set-pin"), 0);

    desk.willType(desk.pin);
    const enrolling = run("key", "enrol", "--fido", "--name", "Drawer");
    await Promise.race([touch(), expectExit(enrolling, 0)]);
    const { told } = await expectExit(enrolling, 0);
    const enrolled = told.find((one) => "keyId" in one);
    expect(enrolled).toMatchObject({ state: "PROVISIONAL", name: "Drawer" });
    const [keyId, fingerprint] = [String(enrolled?.["keyId"]), String(enrolled?.["fingerprint"])];
    await expectExit(run("key", "confirm", keyId, "--fingerprint", fingerprint), 0);
    const listed = await expectExit(run("key", "list"), 0);
    expect(listed.told).toContainEqual(expect.objectContaining({ where: "local", type: "FIDO2", hasDisplay: false }));
    expect(listed.told).toContainEqual(
      expect.objectContaining({ where: "core", type: "FIDO2", name: "Drawer", state: "ACTIVE" }),
    );

    // Of the daemon's two prompts the one for the code stays unanswered: it is typed in the terminal.
    desk.willType(undefined, desk.pin);
    const linking = inTerminal("link", "telegram");
    const [, token = ""] = await linking.until(/start[= ]([\w-]{22})/);
    await hands.phone.send(`/start ${token}`);
    await confirmIn(linking, await codeAbout("Channel: telegram"));
    expect([await linking.ended, linking.screen()]).toEqual([0, expect.stringContaining("✔")]);

    const before = executions();
    desk.willType(undefined, desk.pin, undefined, desk.pin);
    const paying = inTerminal("pay", freshFile(INVOICE, desk.folder), "--receipts", desk.folder);
    await paying.until(/This PC sees your code; on a key without display the phone is your only trusted view/);
    const code = await codeAbout("Amount: EUR 1 250.00");
    await confirmIn(paying, wrongOf(code));
    await paying.until(/Not confirmed yet[^]*Code from your phone: /);
    paying.type(`${code}\r`);
    await touch();
    expect([await paying.ended, paying.screen()]).toEqual([0, expect.stringContaining("verified")]);
    expect(executions()).toBe(before + 1);
    expect(paying.screen()).not.toContain(code);
    expect(paying.screen()).not.toContain(wrongOf(code));
  },
  400_000,
);
