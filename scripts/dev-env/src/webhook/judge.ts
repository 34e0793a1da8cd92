import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "@countersign/testing/child";

/** With the library of Standard Webhooks. */
export const PYTHON: string = join(ROOT, ".peers/standard-webhooks/bin/python");
export const hasJudge: boolean = existsSync(PYTHON);

/** A delivery, and the secret that it is held against. */
export interface Judged {
  readonly secret: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What an implementation that is not ours says of each: "true", or why not. */
export async function judge(deliveries: readonly Judged[]): Promise<string[]> {
  const child = spawn(PYTHON, [join(ROOT, "scripts/dev-env/src/webhook/judge.py")], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const { promise, resolve } = Promise.withResolvers<number | null>();
  child.once("close", resolve);
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (said += text));
  child.stdin.end(deliveries.map((one) => `${JSON.stringify(one)}\n`).join(""));
  const code = await promise;
  if (code !== 0) throw new Error(`the judge ended with ${code}`);
  return said.trimEnd().split("\n");
}
