// Fills the disk under a real core: a small tmpfs in a mount namespace of the core's own, so that nothing is left of it.
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CallBook, Caller } from "./caller.ts";
import { startCoreProcess, type CoreProcess } from "./core-process.ts";
import { coreFlags, makeInstallation, type Installation } from "./installation.ts";
import { judgeData } from "./judge.ts";
import { Payments } from "./payments.ts";
import { LastingBot } from "./phone.ts";
import type { Payment } from "./payment.ts";

export interface FullDiskResult {
  readonly rounds: number;
  /** What calls ended with while the disk was full. */
  readonly whileFull: Readonly<Record<string, number>>;
  readonly executed: number;
  readonly faults: readonly string[];
}

/** Whether mount namespaces and tmpfs may be made here. */
export const mayMount: boolean =
  spawnSync("unshare", ["-m", "sh", "-c", "mount -t tmpfs tmpfs /mnt"], { stdio: "ignore" }).status === 0;

/** Room for the installation, and for what each round leaves in the database and its log. */
const sizeFor = (rounds: number): string => `${6 + 2 * rounds}m`;
const UNDER_WAY = 3;
const PATIENCE_MS = 180_000;

/** Works in a folder of the caller's own, as root. Each round fills the disk, sees the core refuse, makes room, and goes on. */
export async function fullDiskCampaign(folder: string, rounds: number): Promise<FullDiskResult> {
  const installation = await makeInstallation(folder, UNDER_WAY * (rounds + 2));
  const data = join(folder, "data");
  const before = join(folder, "before");
  renameSync(data, before);
  mkdirSync(data);
  const mount = `mount -t tmpfs -o size=${sizeFor(rounds)} tmpfs "$0" && cp -a "$1"/. "$0" && shift && exec "$@"`;
  const core = startCoreProcess({
    args: coreFlags(installation),
    wrapper: ["unshare", "-m", "sh", "-c", mount, data, before],
  });
  try {
    const address = await core.serving;
    if (address === undefined) throw new Error(`the core did not start:\n${core.output()}`);
    return await new FullDisk(installation, core, address).run(rounds);
  } finally {
    await core.stop("SIGKILL");
  }
}

class FullDisk {
  readonly #installation: Installation;
  readonly #core: CoreProcess;
  readonly #address: string;
  readonly #payments: Payments;
  /** The core's own view of its data folder. */
  readonly #inside: string;
  readonly #whileFull = new CallBook();
  readonly #afterwards = new CallBook();
  readonly #faults: string[] = [];

  constructor(installation: Installation, core: CoreProcess, address: string) {
    this.#installation = installation;
    this.#core = core;
    this.#address = address;
    this.#payments = new Payments(installation);
    this.#inside = join(`/proc/${core.process.pid}/root`, installation.folder, "data");
  }

  async run(rounds: number): Promise<FullDiskResult> {
    // Whatever it tells the core while the disk is full ends its stream.
    const bot = new LastingBot(() => this.#address, this.#installation.bot, this.#installation.phone);
    try {
      await bot.attached;
      for (let i = 0; i < rounds; i++) await this.#round();
    } finally {
      bot.close();
    }
    const end = await this.#core.stop();
    if (end !== 0) this.#faults.push(`the core ended with ${end}:\n${this.#core.output()}`);
    return {
      ...{ rounds, whileFull: Object.fromEntries(this.#whileFull.endings) },
      executed: this.#payments.ledger.executions.all,
      faults: [...this.#faults, ...this.#whileFull.faults, ...this.#afterwards.faults, ...this.#payments.failed],
    };
  }

  /** Some payments at each of their steps; the disk fills; all are refused; there is room; all get over by themselves. */
  async #round(): Promise<void> {
    const caller = new Caller(this.#address, this.#afterwards);
    const steps = ["pending", "confirmed", "begun"] as const;
    const payments: Payment[] = [];
    for (const step of steps) {
      const payment = await this.#payments.next();
      await payment.carry({ callers: [caller], signal: AbortSignal.timeout(PATIENCE_MS) }, step);
      payments.push(payment);
    }
    this.#fill();
    await this.#seeRefusals(payments);
    await this.#judge("while the disk is full");
    rmSync(join(this.#inside, FILLER));
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const carried = payments.map(async (payment) => {
      await payment.carry({ callers: [caller], signal });
      this.#payments.over(payment);
    });
    await Promise.all(carried);
    await this.#judge("when there is room again");
    caller.close();
  }

  /** Every call is refused as what it is until it is; a page or two may still find room in the log. */
  async #seeRefusals(payments: readonly Payment[]): Promise<void> {
    const caller = new Caller(this.#address, this.#whileFull);
    const given = new AbortController();
    const trying = payments.map((payment) =>
      payment.carry({ callers: [caller], signal: given.signal }).catch((error: unknown) => {
        if (!given.signal.aborted) throw error;
      }),
    );
    const refused = (): number => this.#whileFull.endings.get("RESOURCE_EXHAUSTED STORE_FULL") ?? 0;
    const before = refused();
    const end = Date.now() + PATIENCE_MS;
    while (refused() - before < 2 * payments.length && Date.now() < end)
      await new Promise((done) => setTimeout(done, 20));
    if (refused() - before < 2 * payments.length)
      this.#faults.push("the core did not refuse as STORE_FULL within three minutes");
    given.abort();
    await Promise.all(trying);
    caller.close();
  }

  #fill(): void {
    const { bavail, bsize } = statfsSync(this.#inside);
    try {
      writeFileSync(join(this.#inside, FILLER), new Uint8Array(bavail * bsize));
    } catch (error) {
      // The core took some of the room since it was measured: the disk is full all the same.
      if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
    }
  }

  async #judge(when: string): Promise<void> {
    const copy = join(this.#installation.folder, "copy");
    rmSync(copy, { recursive: true, force: true });
    await standingStill(this.#core.process.pid ?? 0, () =>
      cpSync(this.#inside, copy, { recursive: true, filter: (from) => !from.endsWith(FILLER) }),
    );
    const faults = await judgeData(copy, this.#installation.secrets, this.#payments.ledger);
    this.#faults.push(...faults.map((fault) => `${when}: ${fault}`));
  }
}

/** Stops a process meanwhile: a copy of files that it writes on would be of no moment at all. */
async function standingStill(pid: number, act: () => void): Promise<void> {
  process.kill(pid, "SIGSTOP");
  try {
    while (!threadsOf(pid).every((state) => state === "T")) await new Promise(setImmediate);
    act();
  } finally {
    process.kill(pid, "SIGCONT");
  }
}

/** The state of each of its threads; one that ends while it is looked at has none. */
function threadsOf(pid: number): (string | undefined)[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((thread) => {
    try {
      const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, "latin1");
      return [stat[stat.lastIndexOf(")") + 2]];
    } catch (error) {
      if (["ENOENT", "ESRCH"].includes(String((error as NodeJS.ErrnoException).code))) return [];
      throw error;
    }
  });
}

const FILLER = "filler";
