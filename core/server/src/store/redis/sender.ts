import { linkError, type Call, type Written } from "./redis-link.ts";

/** One connection: commands run in the order in which they are sent. */
export interface Sender {
  sendCommand(command: string[]): Promise<unknown>;
}

/** What a change must have reached before it counts. */
export interface Durability {
  /** Replicas that hold it. 0: the master alone. */
  readonly replicas: number;
  /** WAITAOF was found: the master's own disk is asked too. */
  readonly waitAof: boolean;
  /** How long the server waits for them, in milliseconds. */
  readonly waitMs: number;
}

function evalCommand(how: "EVALSHA" | "EVAL", { script, keys, args }: Call): string[] {
  return [how, how === "EVAL" ? script.text : script.sha, String(keys.length), ...keys, ...args];
}

/** Runs a script; a server that does not know it yet is sent its text. */
export async function runScript(sender: Sender, call: Call): Promise<unknown> {
  return (await run(sender, call)).reply;
}

/** `again`: its text had to be sent, so that it stands behind what was sent meanwhile. */
async function run(sender: Sender, call: Call): Promise<{ readonly reply: unknown; readonly again: boolean }> {
  try {
    return { reply: await sender.sendCommand(evalCommand("EVALSHA", call)), again: false };
  } catch (error) {
    if (!isUnknownScript(error)) throw error;
    return { reply: await sender.sendCommand(evalCommand("EVAL", call)), again: true };
  }
}

/** Runs scripts one after the other, then asks once, on the same connection, for all of them: inside a script WAIT does not wait. */
export function runDurably(sender: Sender, calls: readonly Call[], durability: Durability): Promise<BatchResults> {
  const running = calls.map((call) => run(sender, call));
  const held = waitFor(sender, durability);
  return Promise.allSettled(
    running.map(async (one): Promise<Written> => {
      const { reply, again } = await one;
      return { reply, held: again ? await waitFor(sender, durability) : await held };
    }),
  );
}

/** True when the disk and the replicas asked for have all that this connection wrote. */
async function waitFor(sender: Sender, durability: Durability): Promise<boolean> {
  if (!waits(durability)) return true;
  const { replicas, waitAof, waitMs } = durability;
  try {
    if (!waitAof) return Number(await sender.sendCommand(["WAIT", String(replicas), String(waitMs)])) >= replicas;
    const reply = await sender.sendCommand(["WAITAOF", "1", String(replicas), String(waitMs)]);
    const [disk, copies] = Array.isArray(reply) ? (reply as unknown[]).map(Number) : [];
    return (disk ?? 0) >= 1 && (copies ?? 0) >= replicas;
  } catch {
    return false; // the connection ended: nobody knows
  }
}

function isUnknownScript(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith("NOSCRIPT");
}

/** Whether there is anything to wait for. */
export function waits({ replicas, waitAof }: Durability): boolean {
  return replicas > 0 || waitAof;
}

interface Waiting {
  readonly call: Call;
  readonly resolve: (written: Written) => void;
  readonly reject: (error: Error) => void;
}

/** Sends writes to one server: `held` is true at once where there is nothing to wait for. */
export function writesTo(
  sender: Sender,
  durability: Durability,
  send = (calls: readonly Call[]): Promise<BatchResults> => runDurably(sender, calls, durability),
): (call: Call) => Promise<Written> {
  if (waits(durability)) {
    const batch = new WriteBatch(send);
    return (call) => batch.write(call);
  }
  return async (call) => {
    try {
      return { reply: await runScript(sender, call), held: true };
    } catch (error) {
      throw linkError(error);
    }
  };
}

/** What a batch came to, call by call. */
export type BatchResults = readonly PromiseSettledResult<Written>[];

/**
 * Gathers the writes of one turn of the event loop, so that they share one WAIT. While one is waited for, the next gather:
 * WAIT holds up all that stands behind it on its connection, and where replicas are gone each would hold up the next.
 */
class WriteBatch {
  readonly #send: (calls: readonly Call[]) => Promise<BatchResults>;
  #queue: Waiting[] = [];
  #isUnderWay = false;

  /** `send` runs them all on one connection (`runDurably`). */
  constructor(send: (calls: readonly Call[]) => Promise<BatchResults>) {
    this.#send = send;
  }

  write(call: Call): Promise<Written> {
    return new Promise((resolve, reject) => {
      if (this.#queue.push({ call, resolve, reject }) > 1 || this.#isUnderWay) return;
      setImmediate(() => void this.#flushAll());
    });
  }

  async #flushAll(): Promise<void> {
    this.#isUnderWay = true;
    while (this.#queue.length > 0) await this.#flush();
    this.#isUnderWay = false;
  }

  async #flush(): Promise<void> {
    const waiting = this.#queue;
    this.#queue = [];
    const calls = waiting.map(({ call }) => call);
    try {
      const results = await this.#send(calls);
      results.forEach((result, i) => {
        if (result.status === "fulfilled") waiting[i]!.resolve(result.value);
        else waiting[i]!.reject(linkError(result.reason));
      });
    } catch (error) {
      for (const { reject } of waiting) reject(linkError(error));
    }
  }
}
