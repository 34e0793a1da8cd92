import { afterEach, describe, expect, test } from "@jest/globals";
import { status, type ServiceError } from "@grpc/grpc-js";
import { Kind, Label } from "@countersign/protocol";
import {
  AnswerType,
  CommandType,
  NoticeType,
  Phase,
  type Answer,
} from "@countersign/proto/node/channel/v1/channel_service";
import {
  LinkState,
  type LinkServiceBeginLinkResponse,
  type LinkServiceWatchLinkResponse,
} from "@countersign/proto/node/core/v1/link_service";
import { ChannelWorld } from "../channel/testing/channel-world.ts";
import type { ScriptedBot } from "../channel/testing/scripted-bot.ts";
import { isRefusal } from "../rpc/refusal.ts";
import { openDerivedToken } from "../rpc/token.ts";
import { drawHexId, newTestKey } from "../testing/core-world.ts";
import { happen } from "../transaction/happen.ts";
import type { Transaction } from "../transaction/transaction.ts";
import { submitStatement } from "../verification/submit-statement.ts";
import { LINK_TOKEN_MS } from "./link-token.ts";

let world: ChannelWorld;
afterEach(() => world.close());

let requests = 0;
function begin(
  over: { requestId?: string; userId?: string; platform?: string } = {},
): Promise<LinkServiceBeginLinkResponse> {
  const request = { requestId: `r${++requests}`, userId: world.core.userId, platform: "sandbox", address: "", ...over };
  return new Promise((resolve, reject) => {
    world.links.beginLink(request, world.app, (error, response) => (error ? reject(error) : resolve(response)));
  });
}

/** All that the stream says until it ends, and a way to wait for a state. */
class Watched {
  readonly seen: LinkServiceWatchLinkResponse[] = [];
  readonly #stream: ReturnType<ChannelWorld["links"]["watchLink"]>;
  error: ServiceError | undefined;
  #ended = false;
  #wake: () => void = () => undefined;

  constructor(linkId: string, userId: string = world.core.userId) {
    this.#stream = world.links.watchLink({ linkId, userId }, world.app);
    this.#stream.on("data", (response: LinkServiceWatchLinkResponse) => {
      this.seen.push(response);
      this.#wake();
    });
    this.#stream.on("error", (error: ServiceError) => {
      this.error = error;
      this.#ended = true;
      this.#wake();
    });
    this.#stream.on("end", () => {
      this.#ended = true;
      this.#wake();
    });
  }

  async until(state: LinkState): Promise<LinkServiceWatchLinkResponse> {
    for (;;) {
      const found = this.seen.find((each) => each.state === state);
      if (found !== undefined) return found;
      if (this.#ended) throw this.error ?? new Error("the stream has ended");
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  async ended(): Promise<void> {
    while (!this.#ended) await new Promise<void>((resolve) => (this.#wake = resolve));
  }
}

function claim(
  bot: ScriptedBot,
  linkToken: string,
  over: { peerId?: string; peerName?: string; privateChat?: boolean } = {},
) {
  const chat = { peerId: "4242", peerName: "Erika M.", privateChat: true, peerIdentity: "" };
  const value = { eventId: "", fence: 0n, linkToken, ...chat, ...over };
  return bot.ask({ $case: "linkClaim", value });
}

async function confirm(tx: Transaction, code: string): Promise<Transaction> {
  const { tenantId } = world.core;
  const done = await submitStatement(world.given, { txId: tx.txId, tenantId, signed: world.core.signed(tx, { code }) });
  if (isRefusal(done)) throw new Error(done.message);
  return done;
}

function list(userId: string = world.core.userId) {
  return new Promise<readonly string[]>((resolve, reject) => {
    world.links.list({ userId }, world.app, (error, response) =>
      error ? reject(error) : resolve(response.channels.map(({ peerId }) => peerId)),
    );
  });
}

async function expectAnswer(answer: Promise<Answer>, type: AnswerType): Promise<void> {
  expect((await answer).type).toBe(type);
}

async function withTwo(): Promise<{ bot: ScriptedBot; second: string }> {
  world = await ChannelWorld.open();
  const bot = await world.attached();
  const link = await world.addLink(world.core.botId, "sandbox", { peerId: "second" });
  return { bot, second: link.linkId };
}

function reorder(linkIds: string[]): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    world.links.reorder({ userId: world.core.userId, linkIds }, world.app, (error, response) =>
      error ? reject(error) : resolve(response.channels.map(({ linkId }) => linkId)),
    );
  });
}

describe("linking a chat", () => {
  test("check 20: token, claim, LINK on the key with the code of that very chat, linked, on hold, the old channel told", async () => {
    world = await ChannelWorld.open();
    const bot = await world.attached();
    const begun = await begin();
    expect(begun.linkToken).toMatch(/^[A-Za-z0-9_-]{22}$/);
    const watched = new Watched(begun.linkId);
    await watched.until(LinkState.WAITING);
    expect(await claim(bot, begun.linkToken)).toMatchObject({ type: AnswerType.OK });
    const claimed = await watched.until(LinkState.CLAIMED);
    expect(claimed.transaction).toMatchObject({
      kind: Kind.LINK,
      lines: [
        { label: Label.CHANNEL, value: "sandbox" },
        { label: Label.ADDRESS, value: "4242" },
        { label: Label.DETAIL_1, value: "Erika M." },
      ],
    });
    const txId = claimed.transaction?.transactionId ?? "";
    expect(openDerivedToken(world.given.secrets, "confirmation", claimed.confirmationToken)).toBe(txId);
    const full = await bot.code();
    expect(full).toMatchObject({ peerId: "4242", tag: claimed.transaction?.tag, lines: claimed.transaction?.lines });
    const others = bot.delivered.filter(({ peerId }) => peerId !== "4242");
    expect(others.filter(({ notice }) => notice?.type !== NoticeType.LINK_ASKED)).toEqual([]);

    expect(await confirm(await world.core.transaction(txId), full.code)).toMatchObject({ state: "EXECUTED" });
    await watched.until(LinkState.LINKED);
    await watched.ended();
    expect(await world.link(begun.linkId)).toMatchObject({
      state: "LINKED",
      heldUntil: world.given.store.now() + 24 * 3_600_000,
    });
    expect(await list()).toEqual([world.core.linkId, "4242"]);
    const told = await bot.until(() => bot.delivered.find(({ notice }) => notice?.type === NoticeType.LINKED));
    expect(told).toMatchObject({ peerId: world.core.linkId, notice: { type: NoticeType.LINKED, detail: "sandbox" } });
    const outcome = await bot.outcome();
    expect(outcome).toMatchObject({ peerId: "4242", notice: { type: NoticeType.EXECUTED } });
  });

  test("check 20: a token counts once, until its end, from a private chat, on its platform, in its tenant", async () => {
    world = await ChannelWorld.open();
    const bot = await world.attached();
    const mailId = drawHexId();
    const mail = world.bot(await world.botToken(mailId, "matrix"));
    await mail.hello("matrix");
    const begun = await begin();
    await expectAnswer(claim(bot, begun.linkToken, { privateChat: false }), AnswerType.NOT_PRIVATE);
    await expectAnswer(claim(mail, begun.linkToken), AnswerType.BAD_TOKEN);
    await expectAnswer(claim(bot, "A".repeat(22)), AnswerType.BAD_TOKEN);
    await expectAnswer(claim(bot, begun.linkToken.slice(1)), AnswerType.BAD_TOKEN);
    await expectAnswer(claim(bot, begun.linkToken, { peerId: "two words" }), AnswerType.BAD_TOKEN);
    await expectAnswer(claim(bot, begun.linkToken), AnswerType.OK);
    await expectAnswer(claim(bot, begun.linkToken, { peerId: "another-chat" }), AnswerType.BAD_TOKEN);
    expect(await world.link(begun.linkId)).toMatchObject({ state: "CLAIMED", peerId: "4242" });
  });

  test("check 20: a token is good for ten minutes and not a moment longer", async () => {
    world = await ChannelWorld.open();
    const token = await world.botToken();
    const [inTime, late] = [await begin(), await begin()];
    world.core.clock.advance(LINK_TOKEN_MS);
    const bot = world.bot(token);
    await bot.hello();
    expect(await claim(bot, inTime.linkToken)).toMatchObject({ type: AnswerType.OK });
    world.core.clock.advance(1);
    expect(await claim(bot, late.linkToken, { peerId: "other" })).toMatchObject({ type: AnswerType.BAD_TOKEN });
    await world.pass(1);
    expect(await world.link(late.linkId)).toMatchObject({ state: "FAILED", failure: "EXPIRED" });
  });

  test("check 20: a chat that is linked already is refused, whoever asks", async () => {
    world = await ChannelWorld.open();
    const bot = await world.attached();
    const stranger = { tenantId: world.core.tenantId, userId: "mallory" };
    await world.core.addUser(stranger, newTestKey(), drawHexId());
    const begun = await begin({ userId: "mallory" });
    const answer = await claim(bot, begun.linkToken, { peerId: world.core.linkId });
    expect(answer).toMatchObject({ type: AnswerType.ALREADY_LINKED });
    const own = await begin();
    expect(await claim(bot, own.linkToken, { peerId: world.core.linkId })).toMatchObject({
      type: AnswerType.ALREADY_LINKED,
    });
    expect((await world.core.user()).linkIds).toEqual([world.core.linkId]);
  });

  test("two claims of one chat at the same moment: one of them", async () => {
    world = await ChannelWorld.open();
    const bot = await world.attached();
    const begun = await Promise.all([begin(), begin(), begin()]);
    const answers = await Promise.all(begun.map(({ linkToken }) => claim(bot, linkToken)));
    expect(answers.map(({ type }) => type).filter((type) => type === AnswerType.OK)).toHaveLength(1);
  });

  test("threat 07: the chat may stop its own LINK and nothing else of the user; then it is free again", async () => {
    world = await ChannelWorld.open();
    const bot = await world.attached();
    const other = await world.core.pending();
    const begun = await begin();
    await claim(bot, begun.linkToken, { peerName: "Erika\u202e evil" });
    const full = await bot.until(() => bot.phone.withCode().find(({ peerId }) => peerId === "4242")?.content);
    expect(full.lines).toHaveLength(2);
    const veto = (over: { tag?: string; actionRef?: string }) =>
      bot.ask({
        $case: "veto",
        value: { eventId: "", fence: 0n, peerId: "4242", reason: 1, tag: "", actionRef: "", ...over },
      });
    expect(await veto({ tag: other.tag })).toMatchObject({ type: AnswerType.NOTHING });
    const ask = { eventId: "", fence: 0n, peerId: "4242", type: CommandType.STATUS, argument: "" } as const;
    expect(await bot.ask({ $case: "command", value: ask })).toMatchObject({ type: AnswerType.NOT_LINKED });
    expect(await veto({ actionRef: full.actionRef })).toMatchObject({ type: AnswerType.OK });
    expect(await world.link(begun.linkId)).toMatchObject({ state: "FAILED", failure: "REJECTED" });
    expect((await world.core.transaction(other.txId)).state).toBe("PENDING");
    const again = await begin();
    expect(await claim(bot, again.linkToken)).toMatchObject({ type: AnswerType.OK });
  });

  test("a first chat needs no other channel", async () => {
    world = await ChannelWorld.open();
    const bot = await world.attached();
    await world.core.changeUser({ linkIds: [] });
    const begun = await begin();
    expect(await claim(bot, begun.linkToken)).toMatchObject({ type: AnswerType.OK });
    const full = await bot.code();
    const { txId } = await world.link(begun.linkId);
    await confirm(await world.core.transaction(txId ?? ""), full.code);
    expect((await world.core.user()).linkIds).toEqual([begun.linkId]);
  });

  test("a LINK that expires leaves a failed link, and the stream says why", async () => {
    world = await ChannelWorld.open();
    const bot = await world.attached();
    const begun = await begin();
    const watched = new Watched(begun.linkId);
    await claim(bot, begun.linkToken);
    await watched.until(LinkState.CLAIMED);
    await world.pass(600_000);
    expect(await watched.until(LinkState.FAILED)).toMatchObject({ reason: "EXPIRED" });
    await watched.ended();
  });

  test("a frozen user links nothing", async () => {
    world = await ChannelWorld.open();
    const bot = await world.attached();
    const begun = await begin();
    await world.core.changeUser({ state: "FROZEN" });
    expect(await claim(bot, begun.linkToken)).toMatchObject({ type: AnswerType.NOTHING });
    expect(await world.link(begun.linkId)).toMatchObject({ state: "FAILED", failure: "USER_BLOCKED" });
  });
});

describe("BeginLink", () => {
  test("the same request_id gives the same token; another body under it is refused", async () => {
    world = await ChannelWorld.open({ policy: { channels: ["sandbox", "telegram"] } });
    const first = await begin({ requestId: "twice" });
    expect(await begin({ requestId: "twice" })).toEqual(first);
    await expect(begin({ requestId: "twice", platform: "telegram" })).rejects.toMatchObject({
      code: status.ALREADY_EXISTS,
    });
  });

  test("check 15: the store holds no token", async () => {
    world = await ChannelWorld.open();
    const { linkToken, linkId } = await begin();
    expect(JSON.stringify(await world.link(linkId))).not.toContain(linkToken);
    const chains = await Promise.all(
      Array.from({ length: 1024 }, (_, shard) => world.given.store.audit(shard, 1, 100)),
    );
    expect(JSON.stringify(chains)).not.toContain(linkToken);
    expect(world.logged.join()).not.toContain(linkToken);
  });

  test("the deep link is the pattern of the platform's bot", async () => {
    world = await ChannelWorld.open();
    const bot = world.bot(await world.botToken());
    await bot.hello("sandbox", "https://phone.example/?start={token}");
    const { linkToken, deepLink } = await begin();
    expect(deepLink).toBe(`https://phone.example/?start=${linkToken}`);
  });

  test.each([
    ["platform", { platform: "pigeon" }],
    ["platform that the policy does not allow", { platform: "sms" }],
    ["user id", { userId: "no such user" }],
  ])("refuses a wrong %s", async (_name, over) => {
    world = await ChannelWorld.open();
    await expect(begin(over)).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
  });

  test("refuses an unknown user", async () => {
    world = await ChannelWorld.open();
    await expect(begin({ userId: "nobody" })).rejects.toMatchObject({ code: status.NOT_FOUND });
  });
});

describe("the user's channels", () => {
  test("Reorder decides where the next code goes", async () => {
    const { bot, second } = await withTwo();
    expect(await reorder([second, world.core.linkId])).toEqual([second, world.core.linkId]);
    await world.core.pending();
    expect(await bot.code()).toMatchObject({ peerId: "second" });
  });

  test("Reorder takes every channel exactly once", async () => {
    const { second } = await withTwo();
    const first = world.core.linkId;
    for (const ids of [[], [first], [first, first], [first, second, second], [first, drawHexId()]]) {
      await expect(reorder(ids)).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
    }
  });

  test("check 19: Unlink is signed by the key; the others are told", async () => {
    const { bot, second } = await withTwo();
    const unlink = (linkId: string) =>
      new Promise<string>((resolve, reject) => {
        world.links.unlink(
          { requestId: `u${++requests}`, userId: world.core.userId, linkId },
          world.app,
          (error, response) => (error ? reject(error) : resolve(response.transaction?.transactionId ?? "")),
        );
      });
    await expect(unlink(drawHexId())).rejects.toMatchObject({ code: status.NOT_FOUND });
    const tx = await world.core.transaction(await unlink(second));
    expect(tx).toMatchObject({ kind: Kind.UNLINK, createdBy: expect.any(String) });
    expect(await list()).toHaveLength(2);
    const { code } = await bot.code();
    await confirm(tx, code);
    expect(await list()).toEqual([world.core.linkId]);
    expect(await world.link(second)).toMatchObject({ state: "UNLINKED" });
    expect(await bot.alert()).toMatchObject({ peerId: world.core.linkId, notice: { type: NoticeType.UNLINKED } });
    expect(bot.delivered.some(({ phase, peerId }) => phase === Phase.ALERT && peerId === "second")).toBe(false);
  });

  test("check 28: another tenant's links read as unknown", async () => {
    const { second } = await withTwo();
    const other = drawHexId();
    await world.core.addTenant(other, "Other Bank");
    const { token } = await world.core.addApp(other, "submit");
    world.app.set("authorization", `Bearer ${token}`);
    await expect(list()).rejects.toMatchObject({ code: status.NOT_FOUND });
    const watched = new Watched(second);
    await watched.ended();
    expect(watched.error).toMatchObject({ code: status.NOT_FOUND });
  });
});

test("a LINK stopped by the app fails the link", async () => {
  world = await ChannelWorld.open();
  const bot = await world.attached();
  const begun = await begin();
  await claim(bot, begun.linkToken);
  const { txId } = await world.link(begun.linkId);
  await happen(world.given, txId ?? "", { type: "cancelled", by: "app", detail: "" }, "test");
  expect(await world.link(begun.linkId)).toMatchObject({ state: "FAILED", failure: "CANCELLED" });
});
