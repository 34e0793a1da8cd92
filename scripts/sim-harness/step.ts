// What a schedule is made of. Each step stands alone: any may be left out, and the rest still means something.
import { SeededRandom } from "./random.ts";
import { PLAIN, type Fate } from "./scheduler.ts";

/** What a key is made to sign. */
export const STATEMENTS = [
  "right",
  "wrong",
  "stale",
  "tampered",
  "reject",
  "other key",
  "foreign code",
  "cloned",
  "weak",
] as const;
export type StatementKind = (typeof STATEMENTS)[number];

/** What somebody makes of a row: his own content, what once stood there, what another row holds, nothing. */
export const EDITS = ["better", "older", "other", "gone"] as const;
export type Edit = (typeof EDITS)[number];

export type Step =
  /** One of those that wait at a port goes on. */
  | { readonly do: "go"; readonly pick: number; readonly fate: Fate }
  | {
      readonly do: "create";
      readonly core: number;
      readonly person: number;
      readonly content: number;
      readonly request: number;
      readonly repeat: boolean;
    }
  /** A key signs; what it signed is handed to a core, or kept by malware for later. */
  | {
      readonly do: "sign";
      readonly core: number;
      readonly tx: number;
      readonly kind: StatementKind;
      readonly salt: number;
      readonly withheld: boolean;
    }
  /** Malware hands over what some key signed once, for any transaction. */
  | { readonly do: "replay"; readonly core: number; readonly statement: number; readonly swap: boolean }
  | {
      readonly do: "veto" | "cancel" | "resend" | "resolve" | "foreign";
      readonly core: number;
      readonly tx: number;
      readonly salt: number;
    }
  /** Somebody is asked to approve what another one confirmed. */
  | { readonly do: "approve"; readonly core: number; readonly tx: number; readonly person: number }
  /** He asks to be let in again, or somebody in his name. */
  | { readonly do: "thaw"; readonly core: number; readonly person: number; readonly request: number }
  /** Who has the database writes into a row past the core. */
  | { readonly do: "edit"; readonly person: number; readonly row: number; readonly how: Edit }
  | { readonly do: "execute"; readonly core: number; readonly tx: number; readonly who: number }
  | { readonly do: "revoke"; readonly core: number; readonly person: number; readonly key: number }
  | { readonly do: "sweep" | "crash" | "attach" | "look"; readonly core: number }
  /** An executor dies wherever it is. */
  | { readonly do: "kill"; readonly which: number }
  | { readonly do: "pass"; readonly ms: number }
  /** The clock comes to the next moment that matters, or just before or after it. */
  | { readonly do: "edge"; readonly off: number }
  | { readonly do: "failover"; readonly person: number };

/** What kind of world a schedule is set in. */
export interface Setting {
  /** Masters are lost again and again, at every moment of a commit. */
  readonly stormy: boolean;
  /** Of 1000 each: operations of the store and messages of the network that something happens to. */
  readonly slow: number;
  readonly unknown: number;
  readonly full: number;
  readonly lost: number;
  readonly twice: number;
  /** The second core's own clock is so far from the store's. */
  readonly skewMs: number;
  /** Codes come through an attached bot; else the user knows his at once. */
  readonly bot: boolean;
  /** Somebody can write to the database, and has none of the keys. */
  readonly writer: boolean;
  /** What went well before. 1: a transaction was created; 2: and confirmed; 3: two were created; 4: and one confirmed;
   * 5: one was created, and its user said that it was not he: he is frozen. 6: as 2, and both others were asked to approve;
   * 7: and one of them did; 8: and the other one. 9: as 7, and then his key was revoked; 10: as 7, and he took it back. */
  readonly opening: 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10;
  /** What one person asks for takes others too. */
  readonly together?: true;
}

export interface Schedule {
  readonly setting: Setting;
  readonly steps: readonly Step[];
}

/** A world in which nothing goes wrong. */
export const QUIET: Setting = {
  ...{ stormy: false, slow: 0, unknown: 0, full: 0, lost: 0, twice: 0, skewMs: 0 },
  ...{ bot: false, writer: false, opening: 0 },
};

/** What a person of people.ts is asked first. */
export const FIRST = { do: "create", core: 0, person: 0, content: 0, request: 0, repeat: false } as const;

const SHORTEST = 24;
const SPREAD = 120;
const LONGEST = 400;
/** One life of so many is a flood: each costs as much as eight others. */
const FLOODS = 32;

const FLOOD: readonly (readonly [Step["do"], number])[] = [
  ["go", 500],
  ["create", 20],
  ["sign", 30],
  ["sweep", 1],
];

/** Everything that happens, from one seed; `together`: where several people confirm. */
export function scheduleOf(seed: number, together = false): Schedule {
  if (together) return scheduleTogether(seed);
  const random = new SeededRandom(seed, 1);
  const setting = drawSetting(random);
  // One user is asked many things at once, and types wrong codes.
  const flood = random.below(FLOODS) === 0;
  const weights = flood ? FLOOD : drawWeights(random, setting);
  const favourite = random.pick(STATEMENTS);
  const steps: Step[] = setting.opening > 0 ? [] : [FIRST];
  const length = flood ? LONGEST : SHORTEST + random.below(SPREAD);
  while (steps.length < length)
    steps.push(drawStep(random, pickWeighted(random, weights), flood ? undefined : favourite));
  return { setting, steps };
}

/** No floods: those are found where each decides for himself. */
function scheduleTogether(seed: number): Schedule {
  const random = new SeededRandom(seed, 3);
  const setting: Setting = {
    ...drawSetting(random),
    opening: random.pick([1, 2, 6, 6, 7, 7, 8, 9, 9, 10]),
    together: true,
  };
  const weights = [
    ...drawWeights(random, setting),
    ...([
      ["approve", 4 + random.below(12)],
      ["sign", 12],
      ["execute", 6],
      ["sweep", 4],
    ] as const),
  ] as const;
  const favourite = random.pick(STATEMENTS);
  const length = SHORTEST + random.below(SPREAD);
  const draw = (): Step => {
    const step = drawStep(random, pickWeighted(random, weights), favourite);
    // It takes three that are right; one that is not is enough to end it.
    return step.do === "sign" && step.salt % 3 > 0 ? { ...step, kind: "right", withheld: false } : step;
  };
  return { setting, steps: Array.from({ length }, draw) };
}

function drawSetting(random: SeededRandom): Setting {
  const faulty = random.below(4) > 0;
  const stormy = random.below(6) === 0;
  const rate = (most: number): number => (faulty && random.below(2) === 0 ? random.below(most) : 0);
  return {
    stormy,
    slow: stormy ? 200 + random.below(500) : random.below(3) === 0 ? 0 : random.below(500),
    unknown: rate(150),
    full: random.below(8) === 0 ? random.below(60) : 0,
    lost: rate(150),
    twice: stormy ? 200 + random.below(400) : rate(150),
    skewMs: random.pick([0, 0, 0, -90_000, 90_000, 86_400_000]),
    bot: random.below(5) === 0,
    writer: random.below(8) === 0,
    opening: random.pick([0, 1, 2, 2, 3, 4, 5]),
  };
}

type Kind = Step["do"];

/** Of everything some seeds have much and some nothing: what many things at once would hide is found alone. */
function drawWeights(
  random: SeededRandom,
  { bot, writer, opening, stormy }: Setting,
): readonly (readonly [Kind, number])[] {
  const some = (most: number): number => (random.below(3) === 0 ? 0 : random.below(most + 1));
  return [
    ["go", 120],
    ["create", some(8)],
    ["sign", 4 + some(20)],
    ["replay", some(12)],
    ["veto", some(3)],
    ["cancel", some(3)],
    ["resend", some(4)],
    ["foreign", some(2)],
    ["thaw", opening === 5 ? 12 : some(4)],
    ["edit", writer ? 8 : 0],
    ["execute", 2 + some(14)],
    ["resolve", some(2)],
    ["revoke", some(2)],
    ["sweep", 1 + some(8)],
    ["crash", stormy ? random.pick([1, 14]) : some(6)],
    ["kill", some(6)],
    ["pass", 1 + some(5)],
    ["edge", some(6)],
    ["failover", stormy ? 12 : some(5)],
    ["attach", bot ? 10 : 0],
    ["look", bot ? 6 : 0],
  ];
}

function pickWeighted(random: SeededRandom, weights: readonly (readonly [Kind, number])[]): Kind {
  let left = random.below(weights.reduce((sum, [, weight]) => sum + weight, 0));
  for (const [kind, weight] of weights) {
    if (left < weight) return kind;
    left -= weight;
  }
  throw new Error("weights do not add up");
}

/** Around the moments that matter: a lease, the life of a code, the time to claim, years by which clocks jump. */
const TIMES = [
  1, 400, 1_000, 5_000, 20_000, 61_000, 121_000, 181_000, 601_000, -3_000, -90_000, 31_536_000_000, -31_536_000_000,
];

/** Contents and requests: often the same ones again. */
const FEW = [0, 0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9];
const MANY = Array.from({ length: 32 }, (_, i) => i);

function drawStep(random: SeededRandom, kind: Kind, favourite: StatementKind | undefined): Step {
  const core = random.below(2);
  const few = favourite === undefined ? MANY : FEW;
  const [tx, salt] = [random.below(4), random.below(1000)];
  switch (kind) {
    case "go":
      return { do: kind, pick: random.below(1 << 16), fate: random.below(PLAIN + 1) };
    case "create":
      return {
        do: kind,
        core,
        person: random.pick([0, 0, 1, 2]),
        content: random.pick(few),
        request: random.pick(few),
        repeat: salt % 5 === 0,
      };
    case "sign":
      return { do: kind, core, tx, kind: drawStatement(random, favourite), salt, withheld: salt % 6 === 0 };
    case "replay":
      return { do: kind, core, statement: random.below(16), swap: salt % 8 === 0 };
    case "veto":
    case "cancel":
    case "resend":
    case "resolve":
    case "foreign":
      return { do: kind, core, tx, salt };
    case "approve":
      return { do: kind, core, tx: salt % 3 === 0 ? tx : 0, person: random.pick([0, 1, 1, 2, 2]) };
    case "thaw":
      return { do: kind, core, person: random.pick([0, 0, 1, 2]), request: random.below(6) };
    case "edit":
      return { do: kind, person: random.pick([0, 0, 1, 2]), row: random.below(64), how: random.pick(EDITS) };
    case "execute":
      return { do: kind, core, tx, who: random.below(6) };
    case "revoke":
      return { do: kind, core, person: random.pick([0, 0, 1, 2]), key: random.below(2) };
    case "sweep":
    case "crash":
    case "attach":
    case "look":
      return { do: kind, core };
    case "kill":
      return { do: kind, which: random.below(4) };
    case "pass":
      return { do: kind, ms: random.below(6) === 0 ? random.pick(TIMES) : random.pick(TIMES.slice(0, 8)) };
    case "edge":
      return { do: kind, off: random.pick([-1, 0, 0, 1]) };
    case "failover":
      return { do: kind, person: random.pick([0, 0, 1, 2]) };
  }
}

function drawStatement(random: SeededRandom, favourite: StatementKind | undefined): StatementKind {
  if (favourite === undefined) return "wrong";
  const one = random.below(3);
  if (one === 0) return "right";
  return one === 1 ? favourite : random.pick(STATEMENTS);
}
