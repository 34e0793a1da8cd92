import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { tempFolder } from "@countersign/testing";
import type { Side } from "../chat/tripwire.ts";
import type { ChannelName } from "../chat/chat-service.ts";
import { KillWorld, type Aftermath, type Victim, type WirePoint } from "./kill-world.ts";

/** What a channel can promise, and where its bot speaks to the provider. */
export interface KillCase {
  readonly channel: ChannelName;
  /** Messages that may show the code, whatever crashes when. */
  readonly mostCodes: 1 | 2;
  /** Whether the end takes the code out of the chat. */
  readonly cleansUp: boolean;
  readonly points: readonly WirePoint[];
  readonly testWith: typeof test.skip;
}

const VICTIMS: readonly Victim[] = ["bot", "core"];
const SIDES: readonly Side[] = ["before", "after"];

/** Bot and core are killed at every request to the provider: before it leaves, and when it was accepted and nobody knows. */
export function testKillMatrix(of: KillCase): void {
  const folder = tempFolder();
  let world: KillWorld | undefined;
  const seen: Aftermath[] = [];
  const there = of.testWith === test;

  beforeAll(async () => {
    if (!there) return;
    mkdirSync(join(folder, of.channel));
    world = await KillWorld.start(of.channel, join(folder, of.channel));
  }, 400_000);
  afterAll(async () => {
    await world?.stop();
  }, 400_000);

  for (const point of of.points) {
    for (const victim of VICTIMS) {
      for (const side of SIDES) {
        of.testWith(
          `${of.channel}: kill -9 of the ${victim} ${side} the provider takes the ${point.name}`,
          async () => {
            const aftermath = await open(world).pay(point, victim, side);
            seen.push(aftermath);
            expect(aftermath.unsettled).toEqual([]);
            expect(new Set(aftermath.told).size).toBe(aftermath.told.length);
            expect(aftermath.withCode).toBeGreaterThanOrEqual(1);
            expect(aftermath.withCode).toBeLessThanOrEqual(of.mostCodes);
            if (of.cleansUp) expect(aftermath.showsCode).toBe(false);
          },
          400_000,
        );
      }
    }
  }

  of.testWith(`${of.channel}: after all deaths no code, token or key lies in a log, a store or a file`, async () => {
    expect(seen.length).toBe(of.points.length * VICTIMS.length * SIDES.length);
    expect(await open(world).leaks()).toEqual([]);
  });
}

function open(world: KillWorld | undefined): KillWorld {
  if (world === undefined) throw new Error("the installation did not start");
  return world;
}
