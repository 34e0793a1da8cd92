// What is down, and what is back: judged from samples, without a clock of its own.
import type { Sighting } from "./alert.ts";

/** A bot of the installation, as ListBots told it. */
export interface BotSample {
  readonly tenantId: string;
  readonly botId: string;
  readonly name: string;
  readonly platform: string;
  readonly attached: boolean;
  readonly disabled: boolean;
}

/** One look; undefined: the core did not answer. */
export type Sample = readonly BotSample[] | undefined;

/** All it knows, for a file. Moments are milliseconds since 1970. */
export interface HealthState {
  /** Since when the core is away; undefined: it answers. */
  readonly coreAway?: number | undefined;
  readonly coreTold?: boolean | undefined;
  /** By bot id: since when it is not attached, and whether that was told. */
  readonly down: Readonly<Record<string, { readonly since: number; readonly told: boolean }>>;
}

export const ALL_WELL: HealthState = { down: {} };

/** A restart takes seconds; what is away longer is down. */
export const DOWN_MS = 60_000;

export interface HealthStep {
  readonly state: HealthState;
  readonly sightings: readonly Sighting[];
}

/** While the core is away nobody knows how the bots are: their time stands still. */
export function stepHealth(state: HealthState, sample: Sample, now: number): HealthStep {
  return sample === undefined ? stepAway(state, now) : stepBots(state, sample, now);
}

function stepAway(state: HealthState, now: number): HealthStep {
  const coreAway = Math.min(state.coreAway ?? now, now);
  const tells = state.coreTold !== true && now - coreAway > DOWN_MS;
  const sightings: Sighting[] = tells ? [{ kind: "core-away", at: now, tenantId: "", about: "" }] : [];
  return { state: { ...state, coreAway, coreTold: state.coreTold === true || tells }, sightings };
}

function stepBots(state: HealthState, sample: readonly BotSample[], now: number): HealthStep {
  const sightings: Sighting[] = [];
  if (state.coreTold === true) sightings.push({ kind: "core-back", at: now, tenantId: "", about: "" });
  const wasAway = state.coreAway !== undefined;
  const down: Record<string, { readonly since: number; readonly told: boolean }> = {};
  for (const bot of sample) {
    const { botId, tenantId } = bot;
    const about = `${bot.name} (${bot.platform})`;
    const held = state.down[botId];
    if (bot.attached || bot.disabled) {
      if (held?.told === true && bot.attached) sightings.push({ kind: "channel-back", at: now, tenantId, about });
      continue;
    }
    // A core that comes back has every bot to wait for.
    const since = held === undefined || (wasAway && !held.told) ? now : Math.min(held.since, now);
    const tells = held?.told !== true && now - since > DOWN_MS;
    if (tells) sightings.push({ kind: "channel-down", at: now, tenantId, about });
    down[botId] = { since, told: held?.told === true || tells };
  }
  return { state: { down }, sightings };
}
