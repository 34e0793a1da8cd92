import { expect, test } from "@jest/globals";
import { ALL_WELL, DOWN_MS, stepHealth, type BotSample, type HealthState, type Sample } from "./watch-health.ts";

const T0 = 1_795_000_000_000;
const bot = (attached: boolean, more: Partial<BotSample> = {}): BotSample => ({
  ...{ tenantId: "0a", botId: "b1", name: "tg", platform: "telegram", attached, disabled: false },
  ...more,
});

/** What is told over a series of looks, as `second:kind`. */
function told(looks: readonly (readonly [second: number, sample: Sample])[], from: HealthState = ALL_WELL): string[] {
  let state = from;
  return looks.flatMap(([second, sample]) => {
    const step = stepHealth(state, sample, T0 + second * 1000);
    state = JSON.parse(JSON.stringify(step.state)) as HealthState;
    return step.sightings.map(({ kind }) => `${second}:${kind}`);
  });
}

test.each<[string, (readonly [number, Sample])[], string[]]>([
  [
    "a restart of seconds",
    [
      [0, [bot(true)]],
      [15, [bot(false)]],
      [30, [bot(true)]],
    ],
    [],
  ],
  [
    "a minute away, once",
    [
      [0, [bot(false)]],
      [60, [bot(false)]],
      [61, [bot(false)]],
      [99, [bot(false)]],
    ],
    ["61:channel-down"],
  ],
  [
    "back",
    [
      [0, [bot(false)]],
      [61, [bot(false)]],
      [70, [bot(true)]],
      [80, [bot(true)]],
    ],
    ["61:channel-down", "70:channel-back"],
  ],
  [
    "down again is told again",
    [
      [0, [bot(false)]],
      [61, [bot(false)]],
      [70, [bot(true)]],
      [80, [bot(false)]],
      [141, [bot(false)]],
    ],
    ["61:channel-down", "70:channel-back", "141:channel-down"],
  ],
  [
    "disabled is not down",
    [
      [0, [bot(false, { disabled: true })]],
      [99, [bot(false, { disabled: true })]],
    ],
    [],
  ],
  [
    "disabled while down is not back",
    [
      [0, [bot(false)]],
      [61, [bot(false)]],
      [70, [bot(false, { disabled: true })]],
    ],
    ["61:channel-down"],
  ],
  [
    "the core away",
    [
      [0, undefined],
      [60, undefined],
      [61, undefined],
      [90, undefined],
      [100, []],
    ],
    ["61:core-away", "100:core-back"],
  ],
  [
    "the core away for a moment",
    [
      [0, []],
      [15, undefined],
      [30, []],
    ],
    [],
  ],
  [
    "bots after the core came back have their minute",
    [
      [0, [bot(true)]],
      [10, undefined],
      [90, undefined],
      [100, [bot(false)]],
      [150, [bot(false)]],
      [161, [bot(false)]],
    ],
    ["90:core-away", "100:core-back", "161:channel-down"],
  ],
])("%s", (_name, looks, says) => {
  expect(told(looks)).toEqual(says);
});

test("a clock that goes back tells nothing false, and nothing late by more than its step", () => {
  expect(
    told([
      [1000, [bot(false)]],
      [0, [bot(false)]],
      [61, [bot(false)]],
    ]),
  ).toEqual(["61:channel-down"]);
});

const both = (first: boolean, second: boolean): BotSample[] => [bot(first), bot(second, { botId: "b2", name: "mx" })];

test("bots are told apart by id", () => {
  const { state } = stepHealth(stepHealth(ALL_WELL, both(false, true), T0).state, both(false, true), T0 + DOWN_MS + 1);
  expect(stepHealth(state, both(true, true), T0 + 99_000).sightings).toMatchObject([{ about: "tg (telegram)" }]);
});
