// Runs the blocks of a page one after the other, in one shell, as a reader who pastes them would.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { RunBlock } from "./command-blocks.ts";
import type { Place } from "./shell-folder.ts";
import { looksLike, stepsOf } from "./transcript.ts";

/** One thing that the shell is given: a whole `sh` block, or one command of a `console` block. */
interface Piece {
  readonly block: RunBlock;
  readonly command: string;
  /** The output that the page shows for it. */
  readonly shown: readonly string[] | undefined;
}

/** Runs them. Resolves with what did not go as the page says, by page and line. */
export async function runBlocks(blocks: readonly RunBlock[], place: Place, scratch: string): Promise<string[]> {
  const findings: string[] = [];
  for (const block of blocks.filter(({ mark }) => mark.until !== undefined))
    findings.push(...(await runUntil(block, place)));
  const pieces = blocks.filter(({ mark }) => mark.until === undefined).flatMap(piecesOf);
  if (pieces.length > 0) findings.push(...(await runPieces(pieces, place, scratch)));
  return findings;
}

function piecesOf(block: RunBlock): Piece[] {
  if (block.language === "sh") return [{ block, command: block.body, shown: undefined }];
  return stepsOf(block.body).map(({ command, output }) => ({ block, command, shown: output }));
}

async function runPieces(pieces: readonly Piece[], place: Place, scratch: string): Promise<string[]> {
  const out = join(scratch, "out");
  mkdirSync(out, { recursive: true });
  const script = pieces.map(({ command, block }, at) => {
    const [file, status] = [join(out, `${at}`), join(out, `${at}.status`)];
    writeFileSync(`${file}.sh`, command);
    // What is meant to fail runs in a shell of its own; everything else leaves its variables to what follows.
    return block.mark.exit === 0
      ? `exec >'${file}' 2>&1\n. '${file}.sh'\necho 0 >'${status}'`
      : `exec >'${file}' 2>&1\ncode=0; bash -eu -o pipefail '${file}.sh' || code=$?\necho $code >'${status}'`;
  });
  const child = spawn("bash", ["--norc", "-eu", "-o", "pipefail", "-c", script.join("\n")], {
    cwd: place.folder,
    env: place.env,
    stdio: "ignore",
    detached: true,
  });
  await new Promise((resolve) => child.once("exit", resolve));
  endGroup(child.pid);
  return pieces.flatMap((piece, at) => findingOf(piece, join(out, `${at}`)) ?? []);
}

function findingOf({ block, command, shown }: Piece, file: string): string | undefined {
  const at = `${block.page}:${block.line}`;
  if (!existsSync(file)) return `${at}: not reached, because of what failed before: ${firstLine(command)}`;
  const output = readFileSync(file, "utf8");
  const status = existsSync(`${file}.status`) ? readFileSync(`${file}.status`, "utf8").trim() : "an error";
  const { exit } = block.mark;
  if (status !== String(exit)) return `${at}: ended with ${status}, not ${exit}: ${firstLine(command)}\n${output}`;
  if (shown === undefined || looksLike(output, shown)) return undefined;
  return `${at}: ${firstLine(command)} wrote\n${output}\nand not, as the page shows,\n${shown.join("\n")}`;
}

/** A command that serves: it has written what the page says, then it is asked to end. */
async function runUntil(block: RunBlock, place: Place): Promise<string[]> {
  const command =
    block.language === "sh"
      ? block.body
      : stepsOf(block.body)
          .map((step) => step.command)
          .join("\n");
  const child = spawn("bash", ["--norc", "-eu", "-o", "pipefail", "-c", command], {
    cwd: place.folder,
    env: place.env,
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  let output = "";
  const { until = "" } = block.mark;
  const isOver = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const hasWritten = new Promise<void>((resolve) => {
    const take = (text: string): void => {
      output += text;
      if (output.includes(until)) resolve();
    };
    child.stdout.setEncoding("utf8").on("data", take);
    child.stderr.setEncoding("utf8").on("data", take);
  });
  await Promise.race([hasWritten, isOver]);
  endGroup(child.pid, "SIGTERM");
  await isOver;
  if (output.includes(until)) return [];
  return [`${block.page}:${block.line}: ended before it wrote ${until}: ${firstLine(command)}\n${output}`];
}

/** Whatever a block left in the background. The group is the shell's own, made by this program. */
function endGroup(pid: number | undefined, signal: NodeJS.Signals = "SIGTERM"): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // Nobody is left.
  }
}

const firstLine = (command: string): string => command.trim().split("\n")[0] ?? "";
