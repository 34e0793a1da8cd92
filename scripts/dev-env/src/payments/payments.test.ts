// Whoever pays from files: under every attack on his PC, with each part unreachable, and with the same file once more. The
// bank's ledger is held against what the files order, byte for byte.
import { copyFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { painXml } from "@countersign/payment-file/testing";
import { freePort, startChild, type Child } from "@countersign/testing/child";
import { tempFolder, testWith } from "@countersign/testing";
import type { Attack } from "../mitm/attacks.ts";
import { runScenario } from "../scenario.ts";
import { Reason } from "../scenarios/hands.ts";
import { expectExit, Scene } from "../scenarios/scene.ts";
import { hasVerifier, judgeAlike, spoiltCopies } from "./independent-verifier.ts";
import { inWords } from "./in-words.ts";
import { writeOrder, type OrderFile } from "./order-file.ts";

const folder = tempFolder();
let scene: Scene;
let bank: Child | undefined;
let orders = 0;
/** Receipts of what was executed. */
const receipts: string[] = [];

beforeAll(async () => {
  scene = await Scene.open({ folder, mode: "B" });
}, 400_000);
afterAll(async () => {
  await bank?.stop();
  await scene?.close();
});

function newOrder(): OrderFile {
  orders += 1;
  return writeOrder(folder, orders);
}

function ledger(): string {
  const { ledgerFile } = scene.installation;
  return existsSync(ledgerFile) ? readFileSync(ledgerFile, "utf8") : "";
}

async function startBank(): Promise<void> {
  const { coreAddress, executeTokenFile, ledgerFile } = scene.installation;
  const args = ["--core", coreAddress, "--token-file", executeTokenFile, "--ledger", ledgerFile];
  bank = await startChild("examples/bank/src/main.ts", args);
}

async function stopBank(): Promise<void> {
  await (bank === undefined ? scene.stopBank() : bank.stop());
}

describe("a batch from an attacked PC", () => {
  test.each<[attack: Attack, exit: number]>([
    ["alter-tx2", 10],
    ["alter-tx3", 13],
    ["alter-both", 10],
    ["wrong-code", 0],
    ["swap-codes", 0],
    ["replay-statement", 0],
    ["garbage-signatures", 0],
    ["forged-success", 20],
    ["withheld-statement", 22],
  ])(
    "%s: exit %i, and the ledger has what was meant, once, or nothing",
    async (attack, exit) => {
      const { installation } = scene;
      const { desk } = await scene.user();
      const { file, ledgerText } = newOrder();
      const before = ledger();
      const ended = await runScenario({ installation, desk, file, attack, user: "careful" });
      expect({ exit: ended.exitCode, output: ended.output }).toEqual({ exit, output: ended.output });
      const isBooked = exit === 0 || attack === "withheld-statement";
      const id = String(ended.states.find((one) => "transactionId" in one)?.["transactionId"]);
      expect(ledger()).toBe(isBooked ? before + ledgerText(id, desk.userId) : before);
      const receipt = ended.states.at(-1)?.["receiptFile"];
      if (typeof receipt === "string") receipts.push(receipt);
    },
    400_000,
  );
});

describe("the same file once more", () => {
  test("named otherwise it is DUPLICATE; with a space more it is another file, and the key is asked", async () => {
    const { run, hands, desk } = await scene.user();
    const order = newOrder();
    const paying = run("pay", order.file);
    await hands.confirm();
    const first = String((await expectExit(paying, 0)).told.at(-1)?.["transactionId"]);
    const before = ledger();

    const renamed = join(folder, "renamed.xml");
    copyFileSync(order.file, renamed);
    const again = await inWords(scene.installation, desk, ["pay", renamed]);
    expect(again).toEqual({
      exit: 22,
      words: expect.stringMatching(
        new RegExp(`asked before \\(${first}\\).*nothing was sent.*--repeat ${first}`),
      ) as unknown,
    });

    const spaced = join(folder, "spaced.xml");
    writeFileSync(spaced, readFileSync(order.file, "utf8").replace("</Document>", " </Document>"));
    const other = run("pay", spaced);
    const { rows } = await hands.keyShows("pages");
    expect(rows.join(" ")).not.toContain("Repeat");
    await hands.reject(Reason.WRONG_DATA);
    await expectExit(other, 10);
    expect(ledger()).toBe(before);
  }, 400_000);

  test("from a colleague the core takes it, and the bank does not, also after its restart; --repeat books it twice", async () => {
    const [anna, ben] = [await scene.user(), await scene.user()];
    const order = newOrder();
    const paying = anna.run("pay", order.file);
    await anna.hands.confirm();
    const first = String((await expectExit(paying, 0)).told.at(-1)?.["transactionId"]);
    const once = ledger();
    await stopBank();
    await startBank();

    const his = ben.run("pay", order.file);
    await ben.hands.confirm();
    expect((await expectExit(his, 18)).told.at(-1)).toMatchObject({
      detail: expect.stringContaining(`--repeat ${first}`) as unknown,
    });
    await ben.hands.phoneSays("this file is booked already");
    expect(ledger()).toBe(once);

    const twice = anna.run("pay", order.file, "--repeat", first);
    await anna.hands.confirm();
    const second = String((await expectExit(twice, 0)).told.at(-1)?.["transactionId"]);
    expect(ledger()).toBe(once + order.ledgerText(second, anna.desk.userId));
  }, 400_000);
});

test("a batch that does not fit is refused before anything is sent, and is told where to split", async () => {
  const before = ledger();
  const file = join(folder, "large.xml");
  const payments = Array.from({ length: 40 }, (_, i) => ({ name: `Payee ${i}`, amount: `${i + 1}.00` }));
  writeFileSync(file, painXml({ groups: [{ payments }] }));
  const nowhere = { ...scene.installation, coreAddress: "192.0.2.1:1" };
  const { exit, words } = await inWords(nowhere, scene.desk, ["pay", file]);
  expect([exit, words]).toEqual([
    2,
    expect.stringMatching(/nothing was sent[^]*split the file; its first \d+ payments fit/),
  ]);
  expect(ledger()).toBe(before);
}, 400_000);

describe("with a part unreachable nothing is booked, and the message says what to do", () => {
  /** Ends with this, and the ledger stays as it is. */
  async function refusedWith(exit: number, words: RegExp, pay: () => ReturnType<typeof inWords>): Promise<void> {
    const before = ledger();
    const ended = await pay();
    expect(ended).toEqual({ exit, words: expect.stringMatching(words) as unknown });
    expect(ledger()).toBe(before);
  }

  test("the core: exit 69", async () => {
    const gone = { ...scene.installation, coreAddress: `127.0.0.1:${await freePort()}` };
    const pay = () => inWords(gone, scene.desk, ["pay", newOrder().file]);
    await refusedWith(69, /the core does not answer; .*countersign tx list before you repeat it/, pay);
  }, 400_000);

  test("the daemon: exit 69", async () => {
    const gone = { ...scene.desk, daemonSocket: `unix:${join(folder, "no.sock")}` };
    const pay = () => inWords(scene.installation, gone, ["pay", newOrder().file]);
    await refusedWith(69, /the device daemon does not answer; start it/, pay);
  }, 400_000);

  test("the key: exit 14", async () => {
    const { desk } = await scene.userAtOwnDesk();
    await desk.children[0]?.stop();
    await refusedWith(14, /no key found; plug it in, or see: countersign doctor/, () =>
      inWords(scene.installation, desk, ["pay", newOrder().file]),
    );
  }, 400_000);

  test("the bot: exit 15, and the next payment works when it is back", async () => {
    const { desk, run, hands } = await scene.user();
    const bot = scene.installation.bot();
    await bot.process.stop();
    const pay = () => inWords(scene.installation, desk, ["pay", newOrder().file, "--lifetime", "22"]);
    await refusedWith(15, /Your phone could not be reached · nothing was sent; see: countersign doctor/, pay);
    await bot.restart();
    const paying = run("pay", newOrder().file);
    await hands.confirm();
    await expectExit(paying, 0);
  }, 400_000);

  test("the bank: confirmed, booked by nobody; when it is back, once", async () => {
    const { run, hands, desk } = await scene.user();
    await stopBank();
    const before = ledger();
    const order = newOrder();
    const paying = run("pay", order.file);
    await hands.confirm();
    await hands.phoneSays("waiting for");
    expect(ledger()).toBe(before);
    await startBank();
    const id = String((await expectExit(paying, 0)).told.at(-1)?.["transactionId"]);
    expect(ledger()).toBe(before + order.ledgerText(id, desk.userId));
  }, 400_000);
});

testWith("cose", hasVerifier())(
  "check 30: a verifier of stock libraries takes these receipts and refuses every spoilt copy, as ours does",
  () => {
    expect(receipts.length).toBeGreaterThan(2);
    const { serverId, corePublicKey } = scene.installation;
    const whole = receipts.map((file) => readFileSync(file));
    const spoilt = whole.flatMap((json) => spoiltCopies(json, 60));
    const pinned = { serverId, publicKeys: [corePublicKey] };
    const folderOf = join(folder, "alike");
    expect(judgeAlike(whole, pinned, folderOf)).toMatchObject({ taken: whole.length, refused: 0, differ: [] });
    expect(judgeAlike(spoilt, pinned, folderOf)).toMatchObject({ taken: 0, refused: spoilt.length, differ: [] });
  },
  400_000,
);
