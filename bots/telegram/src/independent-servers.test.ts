import { connectCore, Secret, silentLog, startBot, systemTimer, type Bot } from "@countersign/bot-kit";
import {
  FakeCore,
  NoticeType,
  Phase,
  SAMPLE_CODE,
  SAMPLE_LINES,
  sampleDeliver,
  sampleNotice,
  type Report,
} from "@countersign/bot-kit/testing";
import { freePort, testWith } from "@countersign/testing";
import { ContractServer, contractServerPresent, TestApi, testApiPresent } from "@countersign/testing/telegram";
import { afterEach, expect } from "@jest/globals";
import { TELEGRAM_PACE, TelegramChannel } from "./telegram-channel.ts";
import type { WebhookSettings } from "./webhook-settings.ts";

const CHAT = 4242;
const TOKEN = "7000001:token-of-an-independent-server";
const LINK_TOKEN = "AAAAAAAAAAAAAAAAAAAAAA";
const closing: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

async function botAt(apiRoot: string, webhook?: WebhookSettings): Promise<FakeCore> {
  const core = await FakeCore.start();
  const token = new Secret("telegram token", TOKEN);
  const bot: Bot = await startBot({
    channel: new TelegramChannel({ token, apiRoot, timer: systemTimer, log: silentLog, webhook }),
    core: connectCore({ address: core.address, plaintext: true, token: new Secret("bot token", core.token) }),
    pace: { ...TELEGRAM_PACE, chat: { perSecond: 100, burst: 10 } },
    zone: "Europe/Berlin",
    timer: systemTimer,
    log: silentLog,
  });
  closing.push(async () => {
    await bot.stop();
    core.stop();
    expect(core.violations).toEqual([]);
  });
  return core;
}

async function shown(core: FakeCore, phase: Phase, id: string): Promise<string> {
  const notice = phase === Phase.OUTCOME ? sampleNotice(NoticeType.EXECUTED) : undefined;
  const given = { peerId: String(CHAT), providerId: id, notice, notAfter: undefined };
  const report: Report = await core.deliver(sampleDeliver(phase, given));
  if (!("sent" in report)) throw new Error(`not sent: fate ${report.failed.fate}`);
  return report.sent.providerId;
}

const describeEvents = (core: FakeCore): object[] => core.events.map(({ $case, value }) => ({ $case, ...value }));
const count = (names: string[], wanted: string): number => names.filter((name) => name === wanted).length;
const compact = (text: string): string => text.replaceAll(" ", "");

async function eventually<T>(look: () => Promise<T>, holds: (value: T) => boolean): Promise<T> {
  for (;;) {
    const value = await look();
    if (holds(value)) return value;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

{
  const peerTest = testWith("telegram-test-api", testApiPresent);
  peerTest(
    "claim 04: with telegram-test-api: linking, prompt, code by an edit, veto, outcome in one message",
    async () => {
      const server = await TestApi.start(TOKEN);
      closing.push(async () => server.stop());
      const core = await botAt(server.apiRoot);
      await server.say(CHAT, `/start ${LINK_TOKEN}`);
      await core.until(() => core.events.length === 1);
      await eventually(
        async () => server.messages(),
        (messages) => messages.length === 1,
      );

      const id = await shown(core, Phase.NOTICE, "");
      expect((await server.messages()).at(-1)).toEqual({ id: Number(id), text: "Confirmation waiting", buttons: [] });
      expect(await shown(core, Phase.FULL, id)).toBe(id);
      const prompt = (await server.messages()).at(-1);
      expect(compact(prompt?.text ?? "").split(SAMPLE_CODE)).toHaveLength(2);
      for (const { value } of SAMPLE_LINES) expect(prompt?.text.split(value)).toHaveLength(2);
      expect(prompt?.buttons).toEqual(["n.ref-1", "w.ref-1", "c.ref-1"]);

      await server.press(CHAT, Number(id), "w.ref-1");
      await core.until(() => core.events.length === 2);
      expect(describeEvents(core)).toMatchObject([
        { $case: "linkClaim", peerId: String(CHAT), linkToken: LINK_TOKEN },
        { $case: "veto", peerId: String(CHAT), actionRef: "ref-1", reason: 1 },
      ]);
      expect(await shown(core, Phase.OUTCOME, id)).toBe(id);
      const outcome = (await server.messages()).at(-1);
      expect(outcome?.text).toContain("✔ Executed");
      expect(compact(outcome?.text ?? "")).not.toContain(SAMPLE_CODE);
      expect(outcome?.buttons).toEqual([]);
    },
    400_000,
  );
}

const ADA = { id: CHAT, is_bot: false, first_name: "Ada", language_code: "en" };
const chat = { id: CHAT, type: "private", first_name: "Ada" };
const date = 1_795_000_000;
const linking = { message: { message_id: 1, date, chat, from: ADA, text: `/start ${LINK_TOKEN}` } };
const veto = {
  callback_query: { id: "77", from: ADA, chat_instance: "1", data: "n.ref-1", message: { message_id: 2, date, chat } },
};

{
  const peerTest = testWith("lo-bot-api-emulator", contractServerPresent);
  for (const mode of ["polling", "webhook"]) {
    peerTest(
      `claim 04: with lo-bot-api-emulator (${mode}): every call is right; linking and veto arrive`,
      async () => {
        const server = await ContractServer.start(TOKEN);
        closing.push(async () => server.stop());
        const port = await freePort();
        const url = new URL(`http://127.0.0.1:${port}/hook`);
        const webhook = { host: "127.0.0.1", port, url, secret: new Secret("webhook secret", "the_secret") };
        const core = await botAt(server.apiRoot, mode === "webhook" ? webhook : undefined);
        await server.bring(linking);
        await core.until(() => core.events.length === 1);
        const id = await shown(core, Phase.NOTICE, "");
        expect(await shown(core, Phase.FULL, id)).toBe(id);
        await server.bring(veto);
        await core.until(() => core.events.length === 2);
        expect(await shown(core, Phase.OUTCOME, id)).toBe(id);
        expect(describeEvents(core)).toMatchObject([
          { $case: "linkClaim", linkToken: LINK_TOKEN },
          { $case: "veto", actionRef: "ref-1", reason: 2 },
        ]);
        const look = async (): Promise<string[]> => (await server.accepted()).map(({ method }) => method);
        // The answers to the link and to the press go their own way.
        const methods = await eventually(
          look,
          (names) => names.includes("answerCallbackQuery") && count(names, "sendMessage") >= 2,
        );
        const expected = ["getMe", mode === "webhook" ? "setWebhook" : "deleteWebhook", "setMyCommands", "sendMessage"];
        for (const method of [...expected, "editMessageText"]) expect(methods).toContain(method);
        // Four languages, two messages (an answer to the link, a notice), two edits: nothing was refused and repeated.
        const counted = ["setMyCommands", "sendMessage", "editMessageText"].map((wanted) => count(methods, wanted));
        expect(counted).toEqual([4, 2, 2]);
      },
      400_000,
    );
  }

  peerTest("lo-bot-api-emulator refuses what the fake refuses: a judge, not an echo", async () => {
    const server = await ContractServer.start(TOKEN);
    closing.push(async () => server.stop());
    const call = async (method: string, params: object): Promise<unknown> => {
      const headers = { "content-type": "application/json" };
      const answer = fetch(`${server.apiRoot}bot${TOKEN}/${method}`, {
        method: "POST",
        headers,
        body: JSON.stringify(params),
      });
      return (await answer).json();
    };
    const refused = { ok: false, error_code: 400 };
    const say = { chat_id: CHAT, text: "x" };
    const button = { inline_keyboard: [[{ text: "a", callback_data: "x".repeat(65) }]] };
    expect(await call("sendMessage", { ...say, protect_contents: true })).toMatchObject(refused);
    expect(await call("sendMessage", { ...say, text: "x".repeat(4097) })).toMatchObject(refused);
    expect(await call("sendMessage", { ...say, text: " " })).toMatchObject(refused);
    expect(await call("sendMessage", { ...say, reply_markup: button })).toMatchObject(refused);
    expect(await call("editMessageText", { ...say, message_id: "a" })).toMatchObject(refused);
    expect(await call("answerCallbackQuery", { callback_query_id: "1", text: "x".repeat(201) })).toMatchObject(refused);
    expect(await call("setWebhook", { url: "http://bot.example/" })).toMatchObject(refused);
    expect(await call("sendMessage", say)).toMatchObject({ ok: true });
  });
}
