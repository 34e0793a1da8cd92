// A bot sees the code and everything about its chats, and may say whatever it likes: it never confirms anything.
import { expect, test } from "@jest/globals";
import fc from "fast-check";
import type { AttachRequest } from "@countersign/proto/node/channel/v1/channel_service";
import { fromHex } from "@countersign/protocol";
import type { State } from "../transaction/transaction.ts";
import { actionRefOf } from "./action-ref.ts";
import { ChannelWorld } from "./testing/channel-world.ts";
import { dutiful } from "./testing/scripted-bot.ts";

type Event = NonNullable<AttachRequest["event"]>;

/** What a hostile bot knows: put into every field that takes text. */
interface Known {
  readonly texts: readonly string[];
  readonly actionRef: string;
  readonly peerId: string;
  readonly fence: bigint;
}

/** Every event of the protocol: a new one does not compile without a row. */
function events({ texts, actionRef: ref, peerId, fence: right }: Known): Record<Event["$case"], fc.Arbitrary<unknown>> {
  const text = fc.oneof(fc.constantFrom(...texts), fc.string({ maxLength: 30 }));
  const peer = fc.oneof({ weight: 4, arbitrary: fc.constant(peerId) }, { weight: 1, arbitrary: text });
  const fence = fc.oneof({ weight: 60, arbitrary: fc.constant(right) }, { weight: 1, arbitrary: fc.bigInt(0n, 9n) });
  const actionRef = fc.oneof(fc.constant(ref), text);
  const number = fc.nat({ max: 12 });
  const eventId = fc.string({ minLength: 1, maxLength: 8, unit: fc.constantFrom(..."abcdef") });
  const sequence = fc.bigInt(0n, 12n);
  return {
    hello: fc.record({ platform: text, deepLink: text }),
    sent: fc.record({ sequence, fence, providerId: text }),
    failed: fc.record({ sequence, fence, fate: number, reason: text, retryAfterMs: fc.nat() }),
    veto: fc.record({ eventId, fence, peerId: peer, actionRef, tag: text, reason: number }),
    linkClaim: fc.record({
      eventId,
      fence,
      peerId: peer,
      peerName: text,
      linkToken: text,
      privateChat: fc.boolean(),
      peerIdentity: text,
    }),
    resend: fc.record({ eventId, fence, peerId: peer, actionRef }),
    command: fc.record({ eventId, fence, peerId: peer, type: number, argument: text }),
    beat: fc.record({ fence }),
    peerGone: fc.record({ eventId, fence, peerId: peer, reason: text }),
    peerQuestion: fc.record({ eventId, fence, peerId: peer }),
    deliveryReceipt: fc.record({ eventId, fence, peerId: peer, providerId: text, reached: fc.boolean() }),
  };
}

const NEVER: readonly State[] = ["CONFIRMED", "EXECUTING", "EXECUTED", "EXECUTION_FAILED", "EXECUTION_UNKNOWN"];

test("check 14, threat 16: whatever a bot sends, nothing is confirmed", async () => {
  const outcomes = new Set<State>();
  await fc.assert(
    fc.asyncProperty(fc.infiniteStream(fc.noShrink(fc.nat())), async (numbers) => {
      const world = await ChannelWorld.open();
      try {
        const bot = await world.attached(dutiful);
        const tx = await world.core.pending();
        const { code, actionRef, peerId, deliveryId } = await bot.code();
        const own = [
          code,
          actionRef,
          tx.tag,
          tx.txId,
          deliveryId,
          peerId,
          "m1",
          "",
          "APPROVE",
          "yes",
          `/start ${code}`,
        ];
        const ids = [actionRefOf(tx.txId), Buffer.from(fromHex(world.core.linkId)).toString("base64url")];
        const rows = Object.entries(events({ texts: [...own, ...ids], actionRef, peerId, fence: bot.fence }));
        // A second hello ends the stream, so it comes seldom.
        const any = fc.oneof(
          ...rows.map(([$case, value]) => ({
            weight: $case === "hello" ? 1 : 10,
            arbitrary: value.map((each) => ({ $case, value: each }) as Event),
          })),
        );
        const [seed = 1] = [...take(numbers, 1)];
        for (const event of fc.sample(any, { numRuns: 25, seed })) {
          if (bot.over) break;
          bot.write(event);
        }
        await Promise.race([settled(world), bot.ended()]);
        const { state } = await world.core.transaction(tx.txId);
        outcomes.add(state);
        expect(NEVER).not.toContain(state);
      } finally {
        await world.close();
      }
    }),
    { numRuns: 60 },
  );
  // The generator reaches the vetoes, so it does reach the transaction.
  expect(outcomes).toContain("REJECTED");
}, 400_000);

function* take<T>(from: Iterable<T>, count: number): Iterable<T> {
  let left = count;
  for (const each of from) {
    if (left-- <= 0) return;
    yield each;
  }
}

/** Nothing has been written for a while of immediate callbacks. */
async function settled(world: ChannelWorld): Promise<void> {
  let commits = 0;
  const stop = world.given.store.subscribe(() => (commits += 1));
  for (let quiet = 0, seen = -1; quiet < 60; seen = commits) {
    await new Promise((resolve) => setImmediate(resolve));
    quiet = seen === commits ? quiet + 1 : 0;
  }
  stop();
}
