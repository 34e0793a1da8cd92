// scripts/sim [--seeds N] [--minutes M] [--from S] [--seed S] [--plant NAME] [--json]: lives of an installation, each from one number.
import { parseArgs } from "node:util";
import { campaign, type Campaign } from "./campaign.ts";
import { PLANTED } from "./planted.ts";
import { digestOf, runSchedule, runSeed, shrink } from "./run.ts";
import { scheduleOf } from "./step.ts";

const HELP = `scripts/sim [--seeds N] [--minutes M] [--from S] [--json]   seeds S, S + 1, … until N or M are used up
scripts/sim --seed S [--plant NAME] [--json]                one seed, with its trace; what fails is shrunk
A finding ends with status 1 and the line that replays it. --plant puts in a bug of scripts/simulator/planted.ts.`;

const { values } = parseArgs({
  options: {
    seeds: { type: "string" },
    minutes: { type: "string" },
    from: { type: "string", default: "1" },
    seed: { type: "string" },
    plant: { type: "string" },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

const plant = PLANTED.find(({ name }) => name === values.plant);
if (values.plant !== undefined && plant === undefined)
  fail(`--plant: one of ${PLANTED.map(({ name }) => name).join("; ")}`);
if (values.help) process.stdout.write(`${HELP}\n`);
else if (values.seed === undefined) await many();
else await one(numberOf("--seed", values.seed));

async function many(): Promise<void> {
  const minutes = values.minutes === undefined ? undefined : numberOf("--minutes", values.minutes);
  const fallback = minutes === undefined ? 2000 : Infinity;
  const seeds = values.seeds === undefined ? fallback : numberOf("--seeds", values.seeds);
  const from = numberOf("--from", values.from);
  const found = await campaign({ from, seeds, seconds: (minutes ?? Infinity) * 60, plant });
  process.stdout.write(values.json ? `${JSON.stringify(found)}\n` : textOf(found));
  if (found.findings.length > 0) process.exitCode = 1;
}

function textOf({ seeds, seconds, events, looked, findings }: Campaign): string {
  const rate = (count: number): string => (count / seconds).toFixed(0);
  const lines = [
    `${seeds} schedules in ${seconds.toFixed(1)} s: ${rate(seeds)} schedules/s, ${rate(events)} events/s`,
    `looked at: ${Object.entries(looked)
      .map(([what, count]) => `${count} ${what}s`)
      .join(", ")}`,
    ...findings.map(({ seed, message }) => `${message}\n  scripts/sim --seed ${seed}${plantOption()}`),
    `${findings.length} findings`,
  ];
  return `${lines.join("\n")}\n`;
}

function plantOption(): string {
  return values.plant === undefined ? "" : ` --plant ${JSON.stringify(values.plant)}`;
}

async function one(seed: number): Promise<void> {
  const result = await runSeed(seed, plant);
  const { violation } = result;
  const schedule = scheduleOf(seed);
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
