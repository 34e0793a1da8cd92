import { spawn } from "node:child_process";
import { close, closeSync, open } from "node:fs";
import { promisify } from "node:util";

/** Lets go of a lock. */
export type Release = () => void;

/** Keeps programs that ask for the same lock from speaking to a device at the same time. */
export interface DeviceLock {
  /** "held" while another program has it. Never rejects: what cannot be locked is used without. */
  take(): Promise<Release | "held">;
}

/** `flock` is done in milliseconds; a machine that is this late goes on without a lock. */
const FLOCK_MS = 1_000;

const openFile = promisify(open);
const closeFile = promisify(close);
const nothing: Release = () => undefined;

/**
 * The lock that libfido2 and others take on a hidraw node: flock(2), exclusive. It is courtesy: who does not ask for it
 * is not kept out, so nothing relies on it, and CHANNEL_BUSY of the key decides.
 *
 * Node has no flock(2). The lock belongs to the open file, which util-linux' `flock` gets as its descriptor 3: it ends,
 * and the lock stays until we close ours. Where there is no `flock`, or no such file, all goes on without.
 */
export class FileLock implements DeviceLock {
  readonly #path: string;
  readonly #program: string;
  readonly #patienceMs: number;

  constructor(path: string, program = "flock", patienceMs: number = FLOCK_MS) {
    this.#path = path;
    this.#program = program;
    this.#patienceMs = patienceMs;
  }

  async take(): Promise<Release | "held"> {
    let file: number;
    try {
      file = await openFile(this.#path, "r");
    } catch {
      return nothing;
    }
    const code = await this.#flock(file);
    if (code === 0) return () => closeSync(file);
    await closeFile(file);
    return code === 1 ? "held" : nothing;
  }

  // Its exit code: 0 locked, 1 held by somebody else; undefined when it did not run or not in time.
  async #flock(file: number): Promise<number | undefined> {
    const child = spawn(this.#program, ["--exclusive", "--nonblock", "3"], {
      stdio: ["ignore", "ignore", "ignore", file],
      timeout: this.#patienceMs,
      killSignal: "SIGKILL",
    });
    return new Promise((resolve) => {
      child.once("error", () => resolve(undefined));
      child.once("exit", (code) => resolve(code ?? undefined));
    });
  }
}
