// One campaign in several processes: each takes every n-th seed, so that the same seeds are lived whatever their number.
import { spawn } from "node:child_process";
import { merge, type Campaign } from "./campaign.ts";

/** Runs this program once more for each job; rejects when one of them does not answer. */
export async function inJobs(jobs: number, from: number, seeds: number, args: readonly string[]): Promise<Campaign> {
  const shares = Array.from({ length: jobs }, (_, i) => ({
    from: from + i,
    seeds: Number.isFinite(seeds) ? Math.floor((seeds - i + jobs - 1) / jobs) : undefined,
  }));
  return merge(
    await Promise.all(shares.filter(({ seeds: share }) => share !== 0).map((share) => job(jobs, share, args))),
  );
}

async function job(
  stride: number,
  { from, seeds }: { readonly from: number; readonly seeds: number | undefined },
  args: readonly string[],
): Promise<Campaign> {
  const share = ["--from", String(from), ...(seeds === undefined ? [] : ["--seeds", String(seeds)])];
  const own = [...process.execArgv, process.argv[1] as string];
  const all = [...own, ...args, ...share, "--stride", String(stride), "--json"];
  const child = spawn(process.execPath, all, { stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
  const status = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject).on("close", resolve);
  });
  if (status !== 0 && status !== 1) throw new Error(`a job over seeds from ${from} ended with ${status}`);
  return JSON.parse(text) as Campaign;
}
