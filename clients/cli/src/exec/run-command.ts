import { spawn } from "node:child_process";
import { constants } from "node:os";
import { isatty } from "node:tty";
import type { CommandPlan } from "./command-plan.ts";
import type { HeldFile } from "./held-file.ts";
import { isSafePlace } from "./safe-place.ts";

/** How a command ended, or why it did not begin. */
export type CommandEnd =
  | { readonly began: true; readonly exit: number; readonly signal: NodeJS.Signals | undefined }
  | { readonly began: false; readonly why: string };

/** Sent to this process they are meant for the command. */
const HANDED_ON: readonly NodeJS.Signals[] = ["SIGTERM", "SIGHUP", "SIGINT", "SIGQUIT", "SIGUSR2", "SIGWINCH"];

/** A terminal sends them to the command by itself. */
const OF_TERMINAL: ReadonlySet<NodeJS.Signals> = new Set(["SIGINT", "SIGQUIT", "SIGWINCH"]);

/** The descriptor under which a script is handed over that has no safe name; the next one has the next. */
const FIRST_SCRIPT = 3;

/** Runs exactly what is held, with the terminal of this process, and waits for its end. */
export function runCommand(plan: CommandPlan): Promise<CommandEnd> {
  const { file, argv0, args, scripts } = callOf(plan);
  // Node hands this one on by itself.
  delete process.env["NODE_V8_COVERAGE"];
  return new Promise((resolve) => {
    const child = spawn(file, args, {
      argv0,
      cwd: `/proc/self/fd/${plan.directory}`,
      env: plan.environment,
      stdio: ["inherit", "inherit", "inherit", ...scripts],
    });
    const onTerminal = isatty(0) || isatty(1) || isatty(2);
    const handlers = HANDED_ON.map((signal) => {
      const handOn = (): void => void (onTerminal && OF_TERMINAL.has(signal) ? true : child.kill(signal));
      process.on(signal, handOn);
      return () => process.off(signal, handOn);
    });
    const release = (): void => {
      for (const off of handlers) off();
    };
    child.once("error", (error: NodeJS.ErrnoException) => {
      release();
      resolve({ began: false, why: `${argv0} could not be started: ${error.code ?? error.message}` });
    });
    child.once("close", (code, signal) => {
      release();
      const exit = code ?? 128 + constants.signals[signal ?? "SIGKILL"];
      resolve({ began: true, exit, signal: signal ?? undefined });
    });
  });
}

interface Call {
  /** By descriptor: what was hashed, whatever its path leads to by now. */
  readonly file: string;
  readonly argv0: string;
  readonly args: readonly string[];
  /** Scripts that are handed over as descriptors 3, 4, … */
  readonly scripts: readonly number[];
}

/** As Linux calls it: the last interpreter, its argument, the script that it reads; that one's argument, the next script, … */
export function callOf({ program, run }: Pick<CommandPlan, "program" | "run">): Call {
  const { command, interpreters } = program;
  const last = interpreters.at(-1);
  const native = last?.file ?? command;
  const scripts: number[] = [];
  const nameOf = (script: HeldFile): string => {
    if (isSafePlace(script.path)) return script.path;
    return `/dev/fd/${FIRST_SCRIPT + scripts.push(script.fd) - 1}`;
  };
  const read =
    last === undefined
      ? []
      : [
          ...interpreters
            .slice(0, -1)
            .map(({ file }) => file)
            .toReversed(),
          command,
        ];
  const args = interpreters.toReversed().flatMap(({ argument }, i) => {
    const script = read[i];
    return [...(argument === undefined ? [] : [argument]), ...(script === undefined ? [] : [nameOf(script)])];
  });
  if (native.fd < FIRST_SCRIPT + scripts.length) throw new Error(`descriptor ${native.fd} is in the way`);
  return { file: `/proc/self/fd/${native.fd}`, argv0: native.path, args: [...args, ...run.arguments], scripts };
}

/** Whether a script finds another name for itself than was shown. */
export function isUnnamed(plan: Pick<CommandPlan, "program" | "run">): boolean {
  return callOf(plan).scripts.length > 0;
}
