import { spawn } from "node:child_process";

/** What a program wrote and how it ended. */
export interface ToolEnd {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program of the image to its end. */
export function runTool(program: string, args: readonly string[], stdin = ""): Promise<ToolEnd> {
  const child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"] });
  child.stdin.on("error", () => undefined).end(stdin);
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code: code ?? 1, stdout, stderr }));
  });
}

/** As `runTool`; rejects with all that it wrote unless it exits with 0. */
export async function mustRun(program: string, args: readonly string[], stdin = ""): Promise<string> {
  const { code, stdout, stderr } = await runTool(program, args, stdin);
  if (code !== 0) throw new Error(`${program} ${args.join(" ")} ended with ${code}: ${stderr}${stdout}`);
  return stdout;
}
