// One payment and what is left of it: duplicates, receipts, secrets.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { fromHex, verifyReceipt } from "@countersign/protocol";
import { tempFolder } from "@countersign/testing";
import { ROOT } from "@countersign/testing/child";
import { readLedger } from "../installation.ts";
import { last } from "../parts.ts";
import { runScenario } from "../scenario.ts";
import { openTrace } from "../trace.ts";
import { enrolOnKey } from "./enrolment.ts";
import { freshFile } from "./fresh-file.ts";
import { Hands, wrongOf } from "./hands.ts";
import { filesBelow, findSecrets } from "./leavings.ts";
import { expectExit, Scene, type Somebody } from "./scene.ts";

const INVOICE = join(ROOT, "examples/bank/samples/invoice.xml");
const FAKE_TELEGRAM = "bots/telegram/src/testing/fake-bot-api-main.ts";
const DEBUG = ["--log-level", "debug"];
// Codes and PIN are so long that no id and no digest of a run holds one by chance.
const DIGITS = 10;
const WRONG_PIN = "314159265358";
const LONG_PIN = "271828182845";

const folder = tempFolder();
let scene: Scene;
let somebody: Somebody;
/** Has a run of his own at the end, so that no limit is reached. */
let another: Somebody;

beforeAll(async () => {
  const policy = { digits: DIGITS, highValueDigits: DIGITS };
  const trace = openTrace(join(folder, "trace.ndjson"));
  scene = await Scene.open({ folder, mode: "B", policy, trace, coreArgs: DEBUG });
  const [his, hers] = [(await scene.user()).desk, (await scene.user()).desk];
  somebody = scene.meet({ ...his, pin: LONG_PIN });
  another = scene.meet({ ...hers, pin: LONG_PIN });
  await changePin(LONG_PIN);
}, 400_000);
afterAll(() => scene?.close());

/** The shared key's PIN, by the old one and twice the new one. */
async function changePin(pin: string): Promise<void> {
  const changing = last(scene.parts.device.setPin({ deviceId: "" }));
  const { hands } = somebody;
  for (const [page, digits] of [
    ["pin", scene.desk.pin],
    ["new-pin", pin],
    ["repeat-pin", pin],
  ] as const) {
    await hands.keyShows(page);
    await hands.key.type(digits);
  }
  await changing;
}

const executions = (): number => readLedger(scene.installation).filter(({ type }) => type === "transaction").length;

test("check 04: the same file again is DUPLICATE, exit 22, naming the first; meant twice it shows a repeat line", async () => {
  const { hands, run, desk } = somebody;
  const file = freshFile(INVOICE, folder);
  const pay = (...more: string[]) => run("pay", file, "--receipts", desk.folder, ...more);
  const before = executions();
  const once = pay();
  const pages = await hands.confirm();
  const first = String((await expectExit(once, 0)).told.at(-1)?.["transactionId"]);

  const { told } = await expectExit(pay(), 22);
  expect(told.at(-1)).toMatchObject({ state: "DUPLICATE", first });
  await expectExit(pay("--repeat", "0".repeat(32)), 2);
  expect(executions()).toBe(before + 1);

  const twice = pay("--repeat", first);
  const repeated = await hands.confirm();
  const line = repeated.find(({ label }) => label === "Repeat");
  expect(line?.value.replaceAll(/ +/g, " ")).toContain(`of ${pages[0]?.tag}`);
  expect((await hands.phoneSays("Repeat: of ")).text).toContain(`Repeat: of ${pages[0]?.tag}`);
  const second = String((await expectExit(twice, 0)).told.at(-1)?.["transactionId"]);
  expect((await expectExit(pay("--repeat", first), 22)).told.at(-1)).toMatchObject({ first: second });
  expect(executions()).toBe(before + 2);
}, 400_000);

describe("the receipt", () => {
  let file: string;
  let bytes: Buffer;
  let mode: unknown;

  beforeAll(async () => {
    const client = somebody.pay("--mode", "C");
    await somebody.hands.confirm();
    const { told } = await expectExit(client, 0);
    mode = told.find((one) => "mode" in one)?.["mode"];
    file = String(told.at(-1)?.["receiptFile"]);
    bytes = readFileSync(file);
  }, 400_000);

  test("check 12: a weaker mode that was wished for changes nothing: key and chat both showed it", () => {
    expect(mode).toBe("B");
  });

  test("check 30: countersign verify accepts the one that pay saved", async () => {
    const { told } = await expectExit(somebody.run("verify", file), 0);
    expect(told.at(-1)).toMatchObject({ verified: true, state: "EXECUTED" });
  }, 400_000);

  test("check 30: one flipped bit anywhere is refused, naming the part", () => {
    const { serverId, corePublicKey } = scene.installation;
    const pinned = { serverId: fromHex(serverId), publicKeys: [fromHex(corePublicKey)] };
    expect(verifyReceipt(Uint8Array.from(bytes), pinned).ok).toBe(true);
    for (let at = 0; at < bytes.length; at += 1) {
      const altered = Uint8Array.from(bytes);
      altered[at] = (altered[at] ?? 0) ^ (1 << (at % 7));
      const finding = verifyReceipt(altered, pinned);
      expect({ at, ok: finding.ok, part: finding.ok ? "" : finding.part }).toEqual({
        ...{ at, ok: false },
        part: expect.stringMatching(/^[a-zA-Z.]+$/) as unknown,
      });
    }
  });

  test.each(["content", "countersignature"])(
    "check 30: countersign verify refuses it with one character of %s changed, exit 20",
    async (member) => {
      const text = bytes.toString();
      const at = text.indexOf(`"${member}": "`) + `"${member}": "`.length + 4;
      const altered = `${text.slice(0, at)}${text[at] === "A" ? "B" : "A"}${text.slice(at + 1)}`;
      const path = join(folder, `altered-${member}.json`);
      writeFileSync(path, altered);
      const { told } = await expectExit(somebody.run("verify", path), 20);
      expect(told.at(-1)).toMatchObject({ verified: false, part: expect.any(String) as unknown });
    },
    400_000,
  );

  test("check 30: another core's receipt is refused against the pinned key", async () => {
    const pinned = ["--server-id", "00".repeat(16)];
    const { told } = await expectExit(somebody.run(...pinned, "verify", file), 20);
    expect(told.at(-1)).toMatchObject({ verified: false, part: "serverId" });
  }, 400_000);
});

describe("what a whole run leaves behind", () => {
  const secrets = new Map<string, Uint8Array>();
  const keep = (what: string, secret: string): unknown => secrets.set(`${what} ${secrets.size}`, Buffer.from(secret));

  /** Tokens of every kind, each used for what it is for. */
  async function useTokens(): Promise<void> {
    const { keys, links } = scene.parts;
    const { userId } = another.desk;
    const { chatId } = scene.newcomer();
    const enrolment = await keys.beginEnrolment({ requestId: "leavings", userId, serial: "", digits: true });
    const { signedEnrolment } = await enrolOnKey(scene.parts, another.desk, enrolment, enrolment.digits);
    const { enrolmentToken } = enrolment;
    const { confirmationToken } = await keys.finishEnrolment({ enrolmentToken, signedEnrolment });
    const { linkId, linkToken } = await links.beginLink({
      requestId: "leavings",
      userId,
      platform: "telegram",
      address: "",
    });
    const phone = new Hands({ ...another.desk, phoneUrl: scene.installation.phoneOf(chatId) });
    await phone.phone.send(`/start ${linkToken}`);
    const prompt = await phone.phoneSays("Code: ");
    await phone.phone.press(prompt, "Changed my mind");
    await last(links.watchLink({ linkId, userId }));
    keep("enrolment digits", enrolment.digits);
    keep("enrolment token", enrolmentToken);
    keep("link token", linkToken);
    keep("confirmation token", confirmationToken);
  }

  /** A wrong PIN, a wrong code, a code typed into the chat, and a power cut of the core in the middle. */
  async function errAndCrash(): Promise<string> {
    const { hands, pay } = another;
    const client = pay();
    const pages = await hands.readPages();
    await hands.key.type(WRONG_PIN);
    await hands.key.type(LONG_PIN);
    const code = await hands.codeFor(pages);
    await hands.phone.send(code);
    await hands.phoneSays("ignored what you typed");
    await hands.key.type(wrongOf(code));
    keep("wrong code", wrongOf(code));
    await hands.phoneSays("Wrong code, 2 tries left");
    const before = scene.installation.core().output();
    await scene.installation.restartCore(DEBUG);
    await hands.confirm();
    await expectExit(client, 0);
    keep("wrong PIN", WRONG_PIN);
    return before;
  }

  test("check 15, check 16, threat 21: no code, PIN, token or key of the core in any log, trace, store or file", async () => {
    const { installation, desk } = scene;
    await useTokens();
    const beforeCrash = await errAndCrash();
    const ended = await runScenario({
      installation,
      desk: another.desk,
      file: freshFile(INVOICE, folder),
      user: "careful",
    });
    expect({ exit: ended.exitCode, output: ended.output }).toEqual({ exit: 0, output: ended.output });
    await installation.trace.close();

    const history = await (await fetch(new URL("/history", desk.phoneUrl))).text();
    for (const [, code = ""] of history.matchAll(/Code: (\d{3} \d{3} \d{4})/g)) keep("code", code.replaceAll(" ", ""));
    expect([...secrets.keys()].filter((what) => what.startsWith("code")).length).toBeGreaterThan(7);
    keep("PIN", LONG_PIN);
    for (const [name, token] of filesBelow(join(folder, "tokens"))) keep(name, Buffer.from(token).toString().trim());
    for (const name of ["code.key", "store.key", "token.key"]) {
      const key = readFileSync(join(folder, "secrets", name), "utf8").trim();
      keep(name, key);
      secrets.set(`bytes of ${name}`, fromHex(key));
    }

    const logs = [installation.core(), ...installation.children, ...desk.children];
    const places = filesBelow(folder, ["tokens", "secrets"]);
    places.set("log of the core before the crash", Buffer.from(beforeCrash));
    // What stands for Telegram itself knows its own token.
    const ours = logs.filter(({ process }) => !process.spawnargs.includes(FAKE_TELEGRAM));
    for (const part of ours) places.set(`log of ${part.process.spawnargs[3]}`, Buffer.from(part.output()));
    for (const [at, told] of (await scene.told()).entries()) places.set(`output of client ${at}`, Buffer.from(told));
    places.set("output of the watched client", Buffer.from(ended.output));
    expect(
      [...places.keys()].filter((name) => /trace\.ndjson|data\/|ledger|receipt-/.test(name)).length,
    ).toBeGreaterThan(4);
    // The search finds what is there: the transaction's id is in the trace, in the client's output, in the store.
    const id = String(ended.states.at(-1)?.["transactionId"]);
    expect(findSecrets(new Map([["id", Buffer.from(id)]]), places)).toEqual(
      expect.arrayContaining(["id in trace.ndjson", "id in ledger.jsonl", "id in output of the watched client"]),
    );
    expect(findSecrets(secrets, places)).toEqual([]);
  }, 400_000);
});
