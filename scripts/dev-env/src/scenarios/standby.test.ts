// The active bot is killed while a message is half done, and another process of the same identity stands by.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { DeliveryEventType } from "@countersign/proto/node/core/v1/code_service";
import { State } from "@countersign/proto/node/core/v1/content";
import { tempFolder, testWith } from "@countersign/testing";
import { matrixPhonePresent, synapsePresent } from "@countersign/testing/synapse";
import type { ChannelName } from "../chat/chat-service.ts";
import type { Side } from "../chat/tripwire.ts";
import { StandbyWorld } from "../faults/standby-world.ts";

const folder = tempFolder();
const SIDES: readonly Side[] = ["before", "after"];
const call = (method: string): Uint8Array => Buffer.from(`/${method} HTTP/1.1\r\n`);

const CASES: readonly {
  channel: ChannelName;
  points: readonly (readonly [what: string, pattern: Uint8Array])[];
  testWith: typeof test.skip;
}[] = [
  {
    channel: "telegram",
    points: [
      ["notice", call("sendMessage")],
      ["code", call("editMessageText")],
    ],
    testWith: test,
  },
  {
    channel: "matrix",
    points: [["code", Buffer.from("/send/m.room.encrypted/")]],
    testWith: testWith("Synapse with matrix-nio", synapsePresent && matrixPhonePresent),
  },
];

describe.each(CASES)("$channel", ({ channel, points, testWith: peerTest }) => {
  let world: StandbyWorld;

  beforeAll(async () => {
    if (peerTest !== test) return;
    mkdirSync(join(folder, channel));
    world = await StandbyWorld.start(channel, join(folder, channel));
  }, 400_000);
  afterAll(() => world?.stop());

  for (const [what, pattern] of points) {
    for (const side of SIDES) {
      peerTest(
        `kill -9 ${side} the provider takes the ${what}: the process that stood by finishes it, with one code in one message`,
        async () => {
          const standby = world.standBy();
          const user = await world.user();
          expect(standby.hasTakenOver()).toBe(false);
          const dead = world.dies({ pattern, side });
          const waiting = await user.pay();
          await dead;
          await waiting.timeline.until(DeliveryEventType.SENT, channel);
          await world.nowActive(standby);
          expect(await user.codesOn(channel)).toHaveLength(1);
          expect(await user.confirm(waiting, channel)).toBe(State.CONFIRMED);
          await waiting.timeline.ended;
          expect(await user.codesOn(channel)).toHaveLength(1);
          expect(await user.hands(channel).chat()).not.toContain("Code");
        },
        400_000,
      );
    }
  }
});
