import { mkdtempSync, rmSync } from "node:fs";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { renderAmount } from "@countersign/protocol";
import { Story } from "./demo/story.ts";
import { setUpDesk, type Desk } from "./desk.ts";
import { startInstallation, type Installation, type ModeName } from "./installation.ts";
import { meantByFile } from "./meant-by-file.ts";
import type { Attack } from "./mitm/attacks.ts";
import { runScenario, type Ended } from "./scenario.ts";
import { openTrace } from "./trace.ts";

export interface DemoOptions {
  readonly file: string;
  readonly mode: ModeName;
  readonly attack: Attack | undefined;
  readonly user: "careful" | "careless" | "person";
  readonly json: boolean;
  readonly trace: string | undefined;
  /** Aborts when it is asked to end: the client withdraws, and all parts end. */
  readonly signal: AbortSignal;
}

const WHAT_IT_IS: Readonly<Record<Attack, string>> = {
  "alter-tx2": "malware changes the payee on the way to the key",
  "alter-tx3": "malware changes the payee on the way to the core, and hides it from the client",
  "alter-both": "malware changes the payee towards key and core alike",
  "wrong-code": "the user mistypes the code once",
  "swap-codes": "two payments are pending, and the user reads one code under the other message",
  "replay-statement": "malware submits the signed statement again and again",
  "garbage-signatures": "malware submits statements that the key never signed",
  "forged-success": "malware swallows the statement and shows success",
  "withheld-statement": "malware keeps the statement, shows a failure, and submits it after the user tried again",
};

/** Two attacks are slips of the person; a person who watches has to make them. */
const YOUR_PART: Partial<Record<Attack, string>> = {
  "wrong-code": "you: mistype the code once, on purpose",
  "swap-codes": "you: two prompts are on the phone; type the code of the other one first",
};

const CANCELLED = 17;

/** Runs the main job once on parts of its own and tells it as it happens. Resolves with the client's exit code. */
export async function demo(options: DemoOptions): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "countersign-demo-"));
  const trace = openTrace(options.trace);
  const channels = [options.user === "person" ? ("sandbox" as const) : ("telegram" as const)];
  try {
    const started = performance.now();
    introduce(options);
    const installation = await startInstallation({ folder, mode: options.mode, channels, trace });
    try {
      const desk = await setUpDesk(installation, { userId: "anna", mode: options.mode, chatId: "4242" });
      try {
        ready(options, desk, performance.now() - started);
        return options.signal.aborted ? CANCELLED : await play(options, installation, desk);
      } finally {
        await desk.stop();
      }
    } finally {
      await installation.stop();
    }
  } finally {
    await trace.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function play(options: DemoOptions, installation: Installation, desk: Desk): Promise<number> {
  const { file, attack, user, signal, json } = options;
  const story = new Story(meantByFile(file), (text) => say(options, text));
  story.begin();
  const onOutput = (line: string): void => {
    if (json) process.stdout.write(`${line}\n`);
    story.client(line);
  };
  const ended = await runScenario({ installation, desk, file, attack, user, onOutput, onlooker: story, signal });
  conclude(options, ended);
  if (user === "person") await untilEnter(signal);
  return ended.exitCode;
}

function say({ json }: DemoOptions, text: string): void {
  if (!json) process.stderr.write(`${text}\n`);
}

function introduce(options: DemoOptions): void {
  const { mode, file, attack, user } = options;
  say(options, `\n  Countersign demo   NOT FOR PRODUCTION · mode ${mode} · ${basename(file)}`);
  if (attack !== undefined) say(options, `  attack ${attack}: ${WHAT_IT_IS[attack]}`);
  if (user === "careless") say(options, "  the user confirms whatever he sees");
}

function ready(options: DemoOptions, desk: Desk, ms: number): void {
  const { json, user, attack } = options;
  if (json) process.stdout.write(`${JSON.stringify({ event: "ready", readyMs: Math.round(ms) })}\n`);
  say(
    options,
    `  ✔ core, chat bot, bank, key and daemon ready in ${(ms / 1000).toFixed(1)} s; key enrolled, chat linked\n`,
  );
  if (user !== "person") return;
  say(options, `  Key    ${desk.keyUrl}/\n  Phone  ${desk.phoneUrl}/\n  PIN    ${desk.pin}\n`);
  say(
    options,
    "  Open both pages. Read every page on the key and compare; then type the PIN and the phone's code there.",
  );
  const part = attack === undefined ? undefined : YOUR_PART[attack];
  say(options, part === undefined ? "" : `  ${part}\n`);
}

function conclude(options: DemoOptions, ended: Ended): void {
  const { attack, user } = options;
  const executions = ended.booked.filter((line) => line["type"] === "transaction").length;
  if (options.json) {
    const { exitCode, booked: ledger } = ended;
    process.stdout.write(`${JSON.stringify({ event: "demo", exitCode, executions, ledger })}\n`);
    return;
  }
  const payments = ended.booked.filter((line) => line["type"] === "payment").map(bookedText);
  const times = executions === 1 ? "once" : `${executions} times`;
  say(options, `  ${"bank's book".padEnd(13)} ${executions === 0 ? "nothing" : `${payments.join("; ")} · ${times}`}`);
  if (attack === "alter-both" && user === "careless" && executions > 0) {
    say(
      options,
      "  Whoever confirms whatever he sees confirms this too, and learns it afterwards: the scheme's limit (SECURITY.md).",
    );
  }
  say(options, `  exit ${ended.exitCode}\n`);
}

function bookedText(line: Readonly<Record<string, unknown>>): string {
  const { currency, minorUnits, payee } = line as Record<string, string>;
  return `${renderAmount({ currency: currency ?? "", minorUnits: BigInt(minorUnits ?? "0") })} → ${payee ?? ""}`;
}

/** The pages live as long as this process: the person reads the outcome on the phone first. */
async function untilEnter(signal: AbortSignal): Promise<void> {
  process.stderr.write("  Read the outcome on your phone, then press Enter here.\n");
  await once(process.stdin, "data", { signal }).catch(() => undefined);
  process.stdin.destroy();
}
