import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { setUpDesk } from "./desk.ts";
import { startInstallation, type ModeName } from "./installation.ts";
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

/** Runs the main job once on parts of its own and tells it as it happens. Resolves with the client's exit code. */
export async function demo(options: DemoOptions): Promise<number> {
  const say = (line: string): void => {
    if (!options.json) process.stderr.write(`${line}\n`);
  };
  const folder = mkdtempSync(join(tmpdir(), "countersign-demo-"));
  const trace = openTrace(options.trace);
  const started = performance.now();
  say(`  Countersign demo · mode ${options.mode} · ${basename(options.file)} · NOT FOR PRODUCTION`);
  if (options.attack !== undefined) say(`  attack ${options.attack}: ${WHAT_IT_IS[options.attack]}`);
  const channel = options.user === "person" ? "sandbox" : "telegram";
  const installation = await startInstallation({ folder, mode: options.mode, channel, trace });
  try {
    const desk = await setUpDesk(installation, { userId: "anna", mode: options.mode, chatId: "4242" });
    try {
      say(`  ✔ core, bot, bank, key and daemon ready in ${seconds(started)}: key enrolled, chat linked`);
      if (options.user === "person") {
        say(`  Key    ${desk.keyUrl}/\n  Phone  ${desk.phoneUrl}/\n  PIN    ${desk.pin}`);
      }
      say(`  what you meant\n${indent(meantByFile(options.file))}`);
      const onOutput = (line: string): void => {
        if (options.json) process.stdout.write(`${line}\n`);
        else say(`  client  ${stateOf(line)}`);
      };
      const ended = await runScenario({
        installation,
        desk,
        file: options.file,
        attack: options.attack,
        user: options.user,
        onOutput,
      });
      tell(options, ended, say);
      return ended.exitCode;
    } finally {
      await desk.stop();
    }
  } finally {
    await installation.stop();
    await trace.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function tell({ json, attack, user }: DemoOptions, ended: Ended, say: (line: string) => void): void {
  const executions = ended.booked.filter((line) => line["type"] === "transaction").length;
  if (json) {
    process.stdout.write(
      `${JSON.stringify({ event: "demo", exitCode: ended.exitCode, executions, ledger: ended.booked })}\n`,
    );
    return;
  }
  for (const line of ended.booked) say(`  ledger  ${JSON.stringify(line)}`);
  say(
    executions === 0
      ? "  ⛔ nothing was executed"
      : `  ✔ executed ${executions === 1 ? "once" : `${executions} times`}`,
  );
  if (attack === "alter-both" && user === "careless" && executions > 0) {
    say("  A user who confirms whatever he sees confirms this too: that is the scheme's limit (SECURITY.md).");
  }
  say(`  exit ${ended.exitCode}`);
}

const seconds = (since: number): string => `${((performance.now() - since) / 1000).toFixed(1)} s`;

const indent = (text: string): string =>
  text
    .split("\n")
    .map((line) => `    ${line}`)
    .join("\n");

function stateOf(line: string): string {
  try {
    const { state, message } = JSON.parse(line) as { state?: string; message?: string };
    return [state, message].filter((part) => part !== undefined).join(" · ") || line;
  } catch {
    return line;
  }
}
