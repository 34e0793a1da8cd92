// The main path over every channel: real client, real key, a careful user who reads that channel's phone. One test file a
// mode runs it, so that they run beside each other.
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { tempFolder } from "@countersign/testing";
import { ROOT } from "@countersign/testing/child";
import type { ChannelName, Shown } from "../chat/chat-service.ts";
import { messagesWithCode } from "../crash/survival.ts";
import { readLedger, type ModeName } from "../installation.ts";
import { meantByFile } from "../meant-by-file.ts";
import { saysTheSame, parseMeant } from "../person/meant.ts";
import { readMessage } from "../person/read-message.ts";
import { patientEyes } from "../person/senses.ts";
import { runScenario } from "../scenario.ts";
import { freshFile } from "../scenarios/fresh-file.ts";
import { expectExit, type Scene } from "../scenarios/scene.ts";
import { readAudit, stepsOf } from "./audit-trail.ts";
import { whileCareful } from "./careful-user.ts";
import { peerTest, openChannelScene, userOn, type Reachable } from "./channel-scene.ts";

const INVOICE = join(ROOT, "examples/bank/samples/invoice.xml");
const FLOWERS = ["Amount: EUR 42.00", "To: Blumen Krause", "Account: DE02 1203 0000 0000 2020 51"];
const FLOWER_FIELDS = ["amount=EUR 42.00", "to=Blumen Krause", "account=DE02120300000000202051"];

/** The method of each mode. */
const CLAIM: Readonly<Record<ModeName, string>> = { A: "claim 23", B: "claim 22", C: "claim 20" };

/** Where the end takes the code away. */
const CLEANED: readonly ChannelName[] = ["telegram", "matrix"];

/** Steps B to F of claim 19 in the core's audit. */
const STEPS = [
  ...["transaction.created", "delivery.handed full", "delivery.sent full", "statement.counted", "statement.accepted"],
  ...["execution.claimed", "execution.begun", "execution.reported"],
];

/** Declares the main path of one mode over every channel as tests. */
export function testMainPath(mode: ModeName): void {
  const folder = tempFolder();
  let scene: Scene;

  beforeAll(async () => {
    scene = await openChannelScene({ folder, mode });
  }, 400_000);
  afterAll(() => scene?.close(), 400_000);

  const everShown = (channel: ChannelName, { chatId }: Reachable): Promise<readonly Shown[]> =>
    scene.installation.bot(channel).service.everShown(chatId);

  /** One payment whose lines the careful user compares; over SMS one that fits. */
  async function payOver(channel: ChannelName, somebody: Reachable): Promise<{ meant: string; transactionId: string }> {
    if (channel === "sms" && mode !== "A") {
      const meant = FLOWERS.join("\n");
      const fields = FLOWER_FIELDS.flatMap((field) => ["--field", field]);
      const client = () => expectExit(somebody.run("confirm", "pay", ...fields), 0);
      const { told } = await whileCareful(somebody.desk, meant, client);
      return { meant, transactionId: String(told.at(-1)?.["transactionId"]) };
    }
    const file = freshFile(INVOICE, folder);
    const { installation } = scene;
    const before = readLedger(installation).length;
    const ended = await runScenario({ installation, desk: somebody.desk, file, user: "careful" });
    expect({ exit: ended.exitCode, output: ended.output }).toEqual({ exit: 0, output: ended.output });
    const booked = readLedger(installation).slice(before);
    expect(booked.filter(({ type }) => type === "transaction")).toHaveLength(1);
    return { meant: meantByFile(file), transactionId: String(ended.states.at(-1)?.["transactionId"]) };
  }

  /** What came of one payment: how the chat showed its code, whether it still does, which steps the core took. */
  async function mainPath(channel: ChannelName): Promise<object> {
    const somebody = await userOn(scene, channel);
    const before = await settled(channel, somebody);
    const told = sentCodes();
    // Faster than the bot's word that the code is out, he would change the order of the steps.
    const eyes = await patientEyes(somebody.desk.phoneUrl, () => sentCodes() > told);
    const paying = payOver(channel, { ...somebody, desk: { ...somebody.desk, phoneUrl: eyes.url } });
    const { meant, transactionId } = await paying.finally(() => eyes.close());
    await somebody.hands.phoneSays("Executed", 2);
    const shown = (await everShown(channel, somebody)).slice(before.length);
    const coded = shown.filter((one) => messagesWithCode([one]).size > 0);
    const read = readMessage({ id: "", text: coded[0]?.text ?? "", buttons: [] });
    const values = parseMeant(meant).filter(({ value }) => JSON.stringify(shown).includes(value));
    return {
      messagesWithCode: messagesWithCode(coded).size,
      linesAsMeant: saysTheSame(read?.lines ?? [], parseMeant(meant)),
      tellsValues: values.length > 0,
      codeStays: await hasCode(somebody),
      steps: stepsOf(folder, transactionId).filter((step) => STEPS.includes(step)),
    };
  }

  /** How many codes are out, by what the bots said. */
  const sentCodes = (): number =>
    readAudit(folder).filter(({ event, detail }) => event === "delivery.sent" && detail["phase"] === "full").length;

  /** Mode A tells nothing but the code. What came by mail and SMS stays where it is; a chat is cleaned. */
  const asItShould = (channel: ChannelName): object => ({
    ...{ messagesWithCode: 1, linesAsMeant: mode !== "A", tellsValues: mode !== "A" },
    ...{ codeStays: !CLEANED.includes(channel), steps: STEPS },
  });

  /** What the chat showed by the time at which it told that it is linked. */
  async function settled(channel: ChannelName, somebody: Reachable): Promise<readonly Shown[]> {
    await somebody.hands.phoneSays("Executed");
    return everShown(channel, somebody);
  }

  const row = `claim 04, claim 18, ${CLAIM[mode]}, claim 26, claim 27: mode ${mode}`;
  const rest = "shows the code once, A to F in order, executed";

  test.each([
    ["telegram", "an instant messenger"],
    ["mail", "e-mail"],
    ["sms", "a mobile phone"],
  ] as const)(
    `${row} over %s: %s ${rest}`,
    async (channel, _receiver) => {
      expect(await mainPath(channel)).toEqual(asItShould(channel));
    },
    400_000,
  );
  peerTest(
    `${row} over matrix: an instant messenger of another make ${rest}`,
    async () => {
      expect(await mainPath("matrix")).toEqual(asItShould("matrix"));
    },
    400_000,
  );

  if (mode === "A") return;
  test(`claim 04: mode ${mode} over sms: what needs more than two segments is UNDELIVERABLE, says why, and nothing is sent`, async () => {
    const somebody = await userOn(scene, "sms");
    const before = await settled("sms", somebody);
    const { told } = await expectExit(somebody.pay(), 15);
    const transactionId = String(told.at(-1)?.["transactionId"]);
    expect(told.at(-1)).toMatchObject({ state: "UNDELIVERABLE" });
    const { output } = await expectExit(somebody.run("tx", "delivery", transactionId), 15);
    expect(output).toContain("CHANNEL_DOES_NOT_FIT");
    expect(await everShown("sms", somebody)).toEqual(before);
    expect(readLedger(scene.installation).some((line) => line["transactionId"] === transactionId)).toBe(false);
  }, 400_000);
}

async function hasCode({ hands }: Reachable): Promise<boolean> {
  const { messages } = await hands.phone.look(undefined, AbortSignal.timeout(60_000));
  return messages.some((message) => readMessage(message) !== undefined);
}
