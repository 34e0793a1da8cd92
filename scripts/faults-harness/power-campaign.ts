// Cuts the power: records what a core wrote under payments, builds disks as they may be at any moment of it, and opens each
// with the real store. docs/how-to/prove-it-survives.md
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { loadOrCreateSecrets } from "../../core/server/src/secrets.ts";
import { DATABASE_FILE } from "../../core/server/src/store/sqlite-database.ts";
import { SeededRandom } from "../sim-harness/random.ts";
import { CallBook } from "./caller.ts";
import { startCoreProcess } from "./core-process.ts";
import { Disk, type Image } from "./disk.ts";
import { coreFlags, makeInstallation, type Installation } from "./installation.ts";
import { judgeFolder } from "./judge.ts";
import { Ledger, type Step } from "./ledger.ts";
import { live } from "./life.ts";
import { Payments } from "./payments.ts";
import { readTrace, TRACED, type DiskCall } from "./write-trace.ts";

export interface PowerOptions {
  readonly images: number;
  /** Lives that are recorded; each gives its share of the images. */
  readonly lives: number;
  /** Images of the control, a core that does not sync. */
  readonly controls: number;
  readonly seed?: number;
  readonly say?: (line: string) => void;
}

export interface PowerResult {
  readonly images: number;
  /** Images after whose opening something acknowledged was gone, or anything else was wrong. */
  readonly lost: number;
  readonly faults: readonly string[];
  readonly control: { readonly images: number; readonly lost: number };
  /** Calls that were recorded. */
  readonly calls: number;
  readonly syncs: number;
}

const LIFE = { payments: 4, atATime: 2 };
const UNSYNCED_CORE = "scripts/faults-harness/unsynced-core-main.ts";
const FILES = [DATABASE_FILE, `${DATABASE_FILE}-wal`];

/** Works in a folder of the caller's own. */
export async function powerCampaign(folder: string, options: PowerOptions): Promise<PowerResult> {
  const { images, lives, controls, seed = 1, say } = options;
  const installation = await makeInstallation(folder, 4 * (lives + 1));
  const random = new SeededRandom(seed);
  const draw = (): number => random.next() / 2 ** 32;
  const payments = new Payments(installation);
  const total = { images: 0, lost: 0, calls: 0, syncs: 0 };
  const faults: string[] = [];
  for (let i = 0; i < lives; i++) {
    const recorded = await record(installation, payments);
    const found = await cut(recorded, Math.ceil(images / lives), draw);
    total.images += found.images;
    total.lost += found.lost;
    total.calls += recorded.calls.length;
    total.syncs += recorded.calls.filter(({ type }) => type === "sync").length;
    faults.push(...found.faults);
    say?.(`${total.images} images of ${total.calls} calls, ${total.lost} lost`);
  }
  const control = await cut(await record(installation, payments, UNSYNCED_CORE), controls, draw);
  say?.(`control: ${control.lost} of ${control.images} lost`);
  return { ...total, faults, control: { images: control.images, lost: control.lost } };
}

interface Recorded {
  readonly installation: Installation;
  readonly start: Image;
  readonly calls: readonly DiskCall[];
  /** When the outside knew it. */
  readonly acknowledged: readonly { readonly txId: string; readonly step: Step; readonly at: number }[];
}

/** A whole life of a core, its end included. */
async function record(installation: Installation, payments: Payments, entry?: string): Promise<Recorded> {
  const { folder } = installation;
  const data = join(folder, "data");
  const log = join(folder, "writes");
  const start = new Map<string, Uint8Array>();
  for (const file of FILES) if (existsSync(join(data, file))) start.set(file, readFileSync(join(data, file)));
  const acknowledged: { txId: string; step: Step; at: number }[] = [];
  // A millisecond later than it was: never earlier than the call that made it so.
  const ledger = new Ledger((txId, step) => acknowledged.push({ txId, step, at: Date.now() + 1 }));
  const recorded = new Payments(installation, ledger, payments.made);
  const paths = FILES.flatMap((file) => ["-P", join(data, file)]);
  const strace = ["strace", "-D", "-f", "-q", "-ttt", "-y", "-xx", "-s", "10000000", "-o", log, ...paths];
  const core = startCoreProcess({
    args: coreFlags(installation),
    wrapper: [...strace, "-e", `trace=${TRACED.join()}`],
    ...(entry === undefined ? {} : { entry }),
  });
  await live(core, installation, recorded, new CallBook(), LIFE);
  const end = await core.stop();
  if (end !== 0) throw new Error(`the recorded core ended with ${end}:\n${core.output()}`);
  payments.skipTo(recorded.made);
  const text = await whole(log, core.process.pid ?? 0);
  return { installation, start, calls: readTrace(text), acknowledged };
}

/** strace writes on for a moment when the core is gone. */
async function whole(log: string, pid: number): Promise<string> {
  const end = Date.now() + 180_000;
  for (;;) {
    const text = readFileSync(log, "utf8");
    if (new RegExp(`^${pid} +\\S+ \\+\\+\\+ `, "m").test(text)) return text;
    if (Date.now() > end) throw new Error("strace did not tell the end of the core");
    await sleep(20);
  }
}

/** Cuts the power at moments all over the trace, and judges what each left. */
async function cut(
  { installation, start, calls, acknowledged }: Recorded,
  images: number,
  draw: () => number,
): Promise<{ images: number; lost: number; faults: string[] }> {
  const secrets = loadOrCreateSecrets(installation.secrets, { create: false });
  const disk = new Disk(start);
  const at = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "countersign-power-"));
  const result = { images: 0, lost: 0, faults: [] as string[] };
  try {
    for (const [i, call] of calls.entries()) {
      disk.take(call);
      const known = new Map<string, Step>();
      for (const { txId, step, at: when } of acknowledged)
        if (when < (calls[i + 1]?.at ?? Infinity)) known.set(txId, step);
      for (; result.images < Math.ceil(((i + 1) * images) / calls.length); result.images++) {
        const folder = join(at, String(result.images));
        writeImage(folder, disk.image(draw));
        const faults = await judgeFolder(folder, secrets, known);
        if (faults.length > 0) result.lost += 1;
        result.faults.push(...faults.slice(0, 3).map((fault) => `image ${result.images}, after call ${i}: ${fault}`));
        rmSync(folder, { recursive: true });
      }
    }
    return result;
  } finally {
    rmSync(at, { recursive: true, force: true });
  }
}

function writeImage(folder: string, image: Image): void {
  mkdirSync(folder);
  for (const [name, content] of image) writeFileSync(join(folder, name), content);
}
