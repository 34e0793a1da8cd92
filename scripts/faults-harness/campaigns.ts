// What scripts/faults can do, each with its bound.
import { crashCampaign } from "./crash-campaign.ts";
import { fullDiskCampaign } from "./full-disk-campaign.ts";
import { powerCampaign } from "./power-campaign.ts";

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
};
