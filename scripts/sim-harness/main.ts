// scripts/sim [--seeds N] [--minutes M] [--from S] [--jobs J] [--seed S] [--together] [--plant NAME] [--json]: lives of an
// installation, each from one number.
import { parseArgs } from "node:util";
import { campaign, type Campaign } from "./campaign.ts";
import { measurePlanted } from "./first-seeds.ts";
import { inJobs } from "./jobs.ts";
import { PLANTED } from "./planted.ts";
import { digestOf, runSchedule, runSeed, shrink } from "./run.ts";
import { scheduleOf } from "./step.ts";

const HELP = `scripts/sim [--seeds N] [--minutes M] [--from S] [--jobs J] [--json]   seeds S, S + 1, … until N or M are used up
scripts/sim --seed S [--plant NAME] [--json]   one seed, with its trace; what fails is shrunk
scripts/sim … --together                       lives in which what one person asks for takes the keys of others too
scripts/sim --measure-planted                  the first seed of each planted bug: writes planted-seeds.json and the how-to
A finding ends with status 1 and the line that replays it. --plant puts in a bug of scripts/sim-harness/planted.ts.`;

const { values } = parseArgs({
  options: {
    seeds: { type: "string" },
    minutes: { type: "string" },
    from: { type: "string", default: "1" },
    jobs: { type: "string", default: "1" },
    stride: { type: "string", default: "1" },
    "measure-planted": { type: "boolean", default: false },
    seed: { type: "string" },
    plant: { type: "string" },
    together: { type: "boolean" },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

const plant = PLANTED.find(({ name }) => name === values.plant);
if (values.plant !== undefined && plant === undefined)
  fail(`--plant: one of ${PLANTED.map(({ name }) => name).join("; ")}`);
const together = values.together ?? plant?.together ?? false;
if (values.help) process.stdout.write(`${HELP}\n`);
else if (values["measure-planted"]) await planted();
else if (values.seed === undefined) await many();
else await one(numberOf("--seed", values.seed));

async function many(): Promise<void> {
  const minutes = values.minutes === undefined ? undefined : numberOf("--minutes", values.minutes);
  const fallback = minutes === undefined ? 2000 : Infinity;
  const seeds = values.seeds === undefined ? fallback : numberOf("--seeds", values.seeds);
  const from = numberOf("--from", values.from);
  const jobs = numberOf("--jobs", values.jobs);
  const [seconds, stride] = [(minutes ?? Infinity) * 60, numberOf("--stride", values.stride)];
  const found =
    jobs > 1
      ? await inJobs(jobs, from, seeds, jobArgs())
      : await campaign({ from, seeds, seconds, stride, plant, together });
  process.stdout.write(values.json ? `${JSON.stringify(found)}\n` : textOf(found));
  if (found.findings.length > 0) process.exitCode = 1;
}

/** What every job is told beside its seeds. */
function jobArgs(): readonly string[] {
  const given = { minutes: values.minutes, plant: values.plant };
  const all = Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`, value]));
  return together ? [...all, "--together"] : all;
}

async function planted(): Promise<void> {
  if (!(await measurePlanted((line) => process.stdout.write(`${line}\n`)))) process.exitCode = 1;
}

function textOf({ seeds, seconds, cpuSeconds, events, looked, findings }: Campaign): string {
  const rate = (count: number, over = seconds): string => (count / over).toFixed(0);
  const lines = [
    `${seeds} schedules in ${seconds.toFixed(1)} s: ${rate(seeds)} schedules/s, ${rate(events)} events/s`,
    `${cpuSeconds.toFixed(1)} s of processor time: ${rate(seeds, cpuSeconds)} schedules a second of it`,
    `looked at: ${Object.entries(looked)
      .map(([what, count]) => `${count} ${what}s`)
      .join(", ")}`,
    ...findings.map(({ seed, message }) => `${message}\n  scripts/sim --seed ${seed}${replayOptions()}`),
    `${findings.length} findings`,
  ];
  return `${lines.join("\n")}\n`;
}

function replayOptions(): string {
  const world = together && plant?.together === undefined ? " --together" : "";
  return values.plant === undefined ? world : `${world} --plant ${JSON.stringify(values.plant)}`;
}

async function one(seed: number): Promise<void> {
  const result = await runSeed(seed, plant, together);
  const { violation } = result;
  const schedule = scheduleOf(seed, together);
  const shortened = violation === undefined ? schedule : await shrink(seed, schedule, violation.rule, plant);
  const shown = violation === undefined ? result : await runSchedule(seed, shortened, plant);
  const { trace } = shown;
  const steps = { of: schedule.steps.length, kept: shortened.steps.length };
  if (values.json) process.stdout.write(`${JSON.stringify({ seed, finding: violation?.message, steps, trace })}\n`);
  else {
    process.stdout.write(`${JSON.stringify(schedule.setting)}\n${trace.join("\n")}\n`);
    process.stdout.write(`seed ${seed}: ${steps.kept} of ${steps.of} steps, digest ${digestOf(shown)}\n`);
    process.stdout.write(violation === undefined ? "nothing found\n" : `${shown.violation?.message}\n`);
  }
  if (violation !== undefined) process.exitCode = 1;
}

function numberOf(option: string, text: string): number {
  const number = Number(text);
  if (!Number.isFinite(number) || number < 0) fail(`${option}: expected a number, not ${text}`);
  return number;
}

function fail(message: string): never {
  process.stderr.write(`${message}\n${HELP}\n`);
  process.exit(64);
}
