import { expect, test } from "@jest/globals";
import { ChannelError } from "../channel-error.ts";
import type { FrontDesk, Outgoing, Press, Said, SecondChannel } from "../second-channel.ts";
import { Phase, type Deliver } from "@countersign/proto/node/channel/v1/channel_service";
import { sampleOutgoing } from "./sample-outgoing.ts";
import { SAMPLE_CODE, SAMPLE_LINES } from "./sample.ts";

/** What a person sees of one message now. */
export interface SeenMessage {
  readonly id: string;
  readonly text: string;
  readonly buttons: readonly string[];
}

/** What a provider can do, as far as the contract depends on it. */
export interface ProviderTraits {
  /** The code-free notice goes first and is edited into the message with the code. */
  readonly twoPhase: boolean;
  /** A repeated delivery shows one message. */
  readonly deduplicates: boolean;
  /** The outcome takes the code out of the chat. */
  readonly cleansUp: boolean;
  /** People can write to the bot, and stop a transaction from the chat. */
  readonly hears: boolean;
}

/** An adapter with a provider and a person, as the contract needs them. */
export interface ChannelUnderTest {
  readonly channel: SecondChannel;
  readonly traits: ProviderTraits;
  /** Of a person who has opened the chat. */
  readonly peerId: string;
  /** Of nobody. */
  readonly unknownPeerId: string;
  /** What the person sees, oldest first. */
  seen(): Promise<readonly SeenMessage[]>;
  /** Every text that the provider was ever given, for searching. */
  everWritten(): Promise<readonly string[]>;
  say(text: string): Promise<void>;
  press(message: SeenMessage, label: string): Promise<void>;
  close(): Promise<void>;
}

/** Keeps what is handed in, and lets a test wait for it. */
class Desk implements FrontDesk {
  readonly texts: Said[] = [];
  readonly presses: Press[] = [];
  readonly arrived: PromiseWithResolvers<void> = Promise.withResolvers<void>();

  async said(said: Said): Promise<void> {
    this.texts.push(said);
    this.arrived.resolve();
  }

  async pressed(press: Press, reply: (text: string) => void): Promise<void> {
    this.presses.push(press);
    reply("Stopped.");
    this.arrived.resolve();
  }

  async gone(): Promise<void> {
    this.arrived.resolve();
  }

  async mayJoin(): Promise<boolean> {
    return true;
  }

  async receipt(): Promise<void> {
    this.arrived.resolve();
  }
}

async function deliver(
  under: ChannelUnderTest,
  more: Partial<Outgoing>,
  phase: Phase,
  given: Partial<Deliver> = {},
): Promise<string> {
  return under.channel.deliver(
    { ...sampleOutgoing(phase, { peerId: under.peerId, ...given }), ...more },
    AbortSignal.timeout(60_000),
  );
}

/** The prompt, by as many phases as the provider has. Resolves with the provider's id of the message with the code. */
async function prompt(under: ChannelUnderTest): Promise<string> {
  const replaced = under.traits.twoPhase ? { providerId: await deliver(under, {}, Phase.NOTICE) } : {};
  return deliver(under, {}, Phase.FULL, replaced);
}

function tooLate(): never {
  throw new ChannelError({ fate: "not-sent", detail: "late" });
}

/** What every SecondChannel keeps, whatever its provider. `open` makes a fresh one for each test. */
export function testChannelContract(name: string, open: () => Promise<ChannelUnderTest>): void {
  const contract = (what: string, body: (under: ChannelUnderTest) => Promise<void>): void => {
    test(`${name}: ${what}`, async () => {
      expect.hasAssertions();
      const under = await open();
      await under.channel.signIn(AbortSignal.timeout(60_000));
      try {
        await body(under);
      } finally {
        await under.close();
      }
    });
  };
  contract("check 25: what is shown first holds no digit of the code", async (under) => {
    if (under.traits.twoPhase) {
      await deliver(under, {}, Phase.NOTICE);
      expect((await under.seen()).map(({ text }) => text)).toEqual(["Confirmation waiting"]);
    } else {
      const { message } = sampleOutgoing(Phase.FULL, { peerId: under.peerId });
      expect(message.preview).toBe("Confirmation waiting");
    }
  });

  contract("check 15: lines and code reach the phone exactly once, byte for byte", async (under) => {
    await prompt(under);
    const text = (await under.seen()).map((message) => message.text).join("\n");
    for (const { value } of SAMPLE_LINES) expect(text.split(value)).toHaveLength(2);
    expect(text.replaceAll(" ", "").split(SAMPLE_CODE)).toHaveLength(2);
  });

  contract("repeating a phase that shows already is a success and shows nothing new", async (under) => {
    if (!under.traits.deduplicates) return expect(under.traits.cleansUp).toBe(false);
    const replaced = under.traits.twoPhase ? { providerId: await deliver(under, {}, Phase.NOTICE) } : {};
    const first = await deliver(under, {}, Phase.FULL, replaced);
    const seen = await under.seen();
    expect(await deliver(under, {}, Phase.FULL, replaced)).toBe(first);
    expect(await under.seen()).toEqual(seen);
  });

  contract("the outcome takes the code and the buttons away", async (under) => {
    const id = await prompt(under);
    const notice = {
      type: 9,
      triesLeft: 0,
      rejectReason: 0,
      detail: "",
      receipt: "",
      at: undefined,
      claimBy: undefined,
      approved: 0,
      needed: 0,
      until: undefined,
      by: "",
    } as const;
    await deliver(under, {}, Phase.OUTCOME, { providerId: id, notice });
    const seen = under.traits.cleansUp ? await under.seen() : (await under.seen()).slice(-1);
    expect(seen.map(({ text }) => text.replaceAll(" ", "")).join()).not.toContain(SAMPLE_CODE);
    expect(seen.flatMap(({ buttons }) => buttons)).toEqual([]);
  });

  contract("nothing is written once the last look says no", async (under) => {
    await expect(deliver(under, { beforeWrite: tooLate }, Phase.NOTICE)).rejects.toMatchObject({
      fate: "not-sent",
      detail: "late",
    });
    expect(await under.everWritten()).toEqual([]);
  });

  contract("a chat that does not exist is permanent", async (under) => {
    const to = deliver(under, {}, Phase.NOTICE, { peerId: under.unknownPeerId });
    await expect(to).rejects.toMatchObject({ fate: "permanent", reason: "CHANNEL_BLOCKED_BY_USER" });
  });

  contract("nothing is cut: what does not fit is refused for good and not sent", async (under) => {
    const row = [{ style: "value", text: "x".repeat(100_000) }] as const;
    const message = { locale: "en", direction: "ltr", preview: "", blocks: [[row]], buttons: [] } as const;
    await expect(deliver(under, { message }, Phase.NOTICE)).rejects.toMatchObject({
      fate: "permanent",
      detail: "does-not-fit",
    });
    expect(await under.everWritten()).toEqual([]);
  });

  contract("what the person writes and presses is handed in with ids of its own", async (under) => {
    if (!under.traits.hears) return expect(await under.channel.listen(new Desk(), AbortSignal.abort())).toBeUndefined();
    const [writing, pressing] = [new Desk(), new Desk()];
    const [firstLease, secondLease] = [new AbortController(), new AbortController()];
    await under.channel.listen(writing, firstLease.signal);
    await under.say("/status");
    await writing.arrived.promise;
    expect(writing.texts).toMatchObject([{ peerId: under.peerId, privateChat: true, text: "/status" }]);
    firstLease.abort();
    await under.channel.listen(pressing, secondLease.signal);
    await prompt(under);
    const message = (await under.seen()).at(-1);
    if (message === undefined) throw new Error("the person sees no message");
    expect(message.buttons).toEqual(["Not me", "Wrong data", "Changed my mind"]);
    await under.press(message, "Wrong data");
    await pressing.arrived.promise;
    expect(pressing.presses).toMatchObject([{ peerId: under.peerId, buttonId: "w.ref-1" }]);
    expect(pressing.presses[0]?.eventId).not.toBe(writing.texts[0]?.eventId);
    secondLease.abort();
  });
}
