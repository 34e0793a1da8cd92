import { CommanderError, type Command } from "commander";
import { addCompletion, completionArguments } from "./completion.ts";
import { ending } from "./ending.ts";
import { ExitCode } from "./exit-code.ts";
import { Terminal, type Io } from "./output/terminal.ts";
import { buildProgram } from "./program.ts";

/** Runs one command line (without `node` and script) and returns its exit code. Never throws. */
export async function run(args: readonly string[], io: Io): Promise<number> {
  let exit: number = ExitCode.DONE;
  const program = buildProgram(io, (code) => (exit = code));
  addCompletion(program);
  quieten(program, io);
  try {
    await program.parseAsync(completionArguments(args), { from: "user" });
    return exit;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.DONE : ExitCode.REFUSED_INPUT;
    const own = args.includes("--") ? args.slice(0, args.indexOf("--")) : args; // the rest is somebody else's
    const style = { json: own.includes("--json"), plain: own.includes("--plain") };
    return ending(error, new Terminal(io, style));
  }
}

/** Commander throws instead of ending the process, and writes where the command writes. */
function quieten(command: Command, io: Io): void {
  command.exitOverride();
  command.configureOutput({
    writeOut: (text) => void io.stdout.write(text),
    writeErr: (text) => void io.stderr.write(text),
  });
  for (const sub of command.commands) quieten(sub, io);
}
