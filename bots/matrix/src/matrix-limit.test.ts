import { setTimeout as wait } from "node:timers/promises";
import { ChannelError } from "@countersign/bot-kit";
import { Phase, sampleOutgoing } from "@countersign/bot-kit/testing";
import { testWith } from "@countersign/testing";
import { matrixPhonePresent, synapsePresent } from "@countersign/testing/synapse";
import { expect } from "@jest/globals";
import { MatrixWorld } from "./testing/matrix-world.ts";

const peerTest = testWith("synapse", synapsePresent && matrixPhonePresent);

peerTest(
  "a homeserver with a low limit: told with the time to wait, and after it everything arrives once",
  async () => {
    const world = await MatrixWorld.start({ messages: { per_second: 0.2, burst_count: 2 } });
    try {
      const channel = world.channel();
      await channel.signIn(AbortSignal.timeout(60_000));
      const { userId, phone, room } = await world.person(channel);
      const refusals: ChannelError[] = [];
      const ship = async (deliveryId: string): Promise<string> => {
        try {
          const outgoing = sampleOutgoing(Phase.FULL, { deliveryId, peerId: userId });
          return await channel.deliver(outgoing, AbortSignal.timeout(60_000));
        } catch (error) {
          if (!(error instanceof ChannelError) || error.retryAfterMs === undefined) throw error;
          refusals.push(error);
          await wait(error.retryAfterMs);
          return ship(deliveryId);
        }
      };
      const ids: string[] = [];
      // A slow machine sends slower than the limit for a while.
      while (refusals.length === 0) ids.push(await ship(`message-${ids.length}`));
      for (const refusal of refusals) {
        expect(refusal).toMatchObject({ fate: "not-sent", detail: "rate-limited" });
        expect(refusal.retryAfterMs).toBeGreaterThan(0);
      }
      await phone.until(() => phone.seen(room).length === ids.length);
      expect(phone.seen(room).map(({ event }) => event)).toEqual(ids.map((id) => id.split("|").at(-1)));
      expect(phone.undecryptable).toEqual([]);
    } finally {
      await world.stop();
    }
  },
);
