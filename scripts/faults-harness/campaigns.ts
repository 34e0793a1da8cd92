// What scripts/faults can do, each with its bound.
import { clockCampaign } from "./clock-campaign.ts";
import { crashCampaign } from "./crash-campaign.ts";
import { fullDiskCampaign } from "./full-disk-campaign.ts";
import { powerCampaign } from "./power-campaign.ts";
import { redisCampaign } from "./redis-campaign.ts";

export interface Run {
  /** Empty, and removed afterwards. */
  readonly folder: string;
  /** What the caller asked for; undefined: the default. */
  readonly count: (option: "points" | "images" | "failovers") => number | undefined;
  readonly say: (line: string) => void;
}

export interface Report {
  readonly lines: readonly string[];
  readonly faults: readonly string[];
  readonly figures: Readonly<Record<string, unknown>>;
}

export interface Campaign {
  readonly options: string;
  readonly meaning: string;
  readonly start: (run: Run) => Promise<Report>;
}

export const CAMPAIGNS: Readonly<Record<string, Campaign>> = {
  crash: {
    options: "[--points N]",
    meaning: "kill -9 of a core at named points and system calls, and again while it recovers; N deaths (500)",
    start: async ({ folder, count, say }) => {
      const result = await crashCampaign(folder, { points: count("points") ?? 500, people: 60, say });
      const { deaths, survived, payments, faults } = result;
      const { named, calls, recovering } = deaths;
      const all = named + calls + recovering;
      const lines = [
        `${survived} of ${all} deaths survived: ${named} at named points, ${calls} at system calls, ${recovering} while recovering`,
        `${payments.executed} of ${payments.acknowledged} acknowledged payments carried out, none twice`,
      ];
      return { lines, faults, figures: { ...result, faults: undefined } };
    },
  },
  power: {
    options: "[--images N]",
    meaning: "disks as a power cut may leave them, at every moment of a core's life; N images (10000)",
    start: async ({ folder, count, say }) => {
      const images = count("images") ?? 10_000;
      const result = await powerCampaign(folder, { images, lives: 4, controls: Math.ceil(images / 20), say });
      const { lost, calls, syncs, control } = result;
      const blind = control.lost === 0 ? ["the control lost nothing: this campaign sees nothing"] : [];
      const lines = [
        `${lost} of ${result.images} images lost something acknowledged; ${calls} recorded calls, ${syncs} of them syncs`,
        `control, synchronous = OFF: ${control.lost} of ${control.images} lost`,
      ];
      return { lines, faults: [...result.faults, ...blind], figures: { ...result, faults: undefined } };
    },
  },
  full: {
    options: "[--points N]",
    meaning: "the disk fills under a core and has room again, N times (10); root",
    start: async ({ folder, count }) => {
      const { faults, ...figures } = await fullDiskCampaign(folder, count("points") ?? 10);
      const refused = Object.entries(figures.whileFull).map(([ending, times]) => `${times} ${ending}`);
      const lines = [
        `${figures.rounds} times full: ${refused.join(", ")}`,
        `${figures.executed} payments carried out once there was room`,
      ];
      return { lines, faults, figures };
    },
  },
  clock: {
    options: "[--points N]",
    meaning: "a core's clock jumps by a year at each stage of a payment, then all the time under N (30)",
    start: async ({ folder, count }) => {
      const { faults, ...figures } = await clockCampaign(folder, count("points") ?? 30);
      const storm = Object.entries(figures.storm).map(([ending, times]) => `${times} ${ending}`);
      const lines = [
        ...Object.entries(figures.endings).map(([at, ending]) => `${at}: ${ending}`),
        `while it jumps all the time: ${storm.join(", ")}`,
      ];
      return { lines, faults, figures };
    },
  },
  redis: {
    options: "[--failovers N]",
    meaning: "two cores on one Redis whose master dies, hangs or is cut off; N failovers (200)",
    start: async ({ folder, count, say }) => {
      const wanted = count("failovers") ?? 200;
      // A chat pauses after ten prompts that nobody saw, and here nobody sees them.
      const people = Math.max(10, wanted);
      const result = await redisCampaign(folder, { failovers: wanted, people, troubles: true, say });
      const { failovers, executed, double, servingAgainMs: again, longestCallMs, endings } = result;
      const [middle, last] = [again[Math.floor(again.length / 2)], again.at(-1)];
      const lines = [
        `${double} double executions in ${failovers} failovers, ${executed} payments carried out`,
        `serving again, a new replica included: median ${middle} ms, longest ${last} ms; longest call ${longestCallMs} ms`,
        ...Object.entries(endings).map(([ending, times]) => `  ${times} calls: ${ending}`),
      ];
      return { lines, faults: result.faults, figures: { ...result, faults: undefined } };
    },
  },
};
