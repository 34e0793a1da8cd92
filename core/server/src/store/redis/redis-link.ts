import type { Script } from "./scripts.ts";

/** What a command of a write came to. */
export interface Written {
  readonly reply: unknown;
  /** As many replicas as were asked for (and the disk, where Redis can tell) have all that was written before this moment. */
  readonly held: boolean;
}

/** Calls one of the store's scripts on the master of a shard. `keys[0]` decides which one that is. */
export interface Call {
  readonly script: Script;
  readonly keys: readonly string[];
  readonly args: readonly string[];
}

/** The servers of one installation, as the store uses them: standalone, behind Sentinel, or a Cluster. */
export interface RedisLink {
  /** No call takes longer, in milliseconds. */
  readonly deadlineMs: number;
  /** Whether a write counts only when replicas, or the disk, say so: else `held` is always true. */
  readonly waits: boolean;
  /** Runs a script that changes nothing. Rejects with LinkError. */
  read(call: Call): Promise<unknown>;
  /**
   * Runs a script, then waits for the replicas on the same connection: for all that was written before its last write, by
   * whomever. A script that writes nothing has nothing waited for. Rejects with LinkError.
   */
  write(call: Call): Promise<Written>;
  /** A plain command on the master of `key`, on the connection for reads. Rejects with LinkError. */
  command(key: string, command: readonly string[]): Promise<unknown>;
  /** The same plain command on every master, with the master's address. */
  everywhere(command: readonly string[]): Promise<readonly { readonly address: string; readonly reply: unknown }[]>;
  /** `onGap`: messages may have been lost (connected again). */
  subscribe(channel: string, onMessage: (message: string) => void, onGap: () => void): Promise<void>;
  close(): Promise<void>;
}

/** Why Redis did not answer a command. "lost": no answer at all, it may have run. Stable words: metrics count by them. */
export type LinkFailure =
  "lost" | "deadline" | "full" | "read-only" | "no-replicas" | "cluster-down" | "loading" | "master-down" | "refused";

/** A command had no result. What it did is not known from this, whatever the failure says. */
export class LinkError extends Error {
  override readonly name = "LinkError";
  readonly failure: LinkFailure;

  constructor(failure: LinkFailure, message: string, options?: ErrorOptions) {
    super(message, options);
    this.failure = failure;
  }
}

/** First words of Redis' error replies. docs/protocol/store.md section 8. */
const FAILURES: Readonly<Record<string, LinkFailure>> = {
  OOM: "full",
  READONLY: "read-only",
  NOREPLICAS: "no-replicas",
  CLUSTERDOWN: "cluster-down",
  TRYAGAIN: "cluster-down",
  MOVED: "cluster-down",
  ASK: "cluster-down",
  LOADING: "loading",
  MASTERDOWN: "master-down",
  MISCONF: "full",
};

/** Translates what the client library rejected with. */
export function linkError(error: unknown): LinkError {
  if (error instanceof LinkError) return error;
  const text = error instanceof Error ? error.message : String(error);
  const known = FAILURES[/^-?([A-Z]+)/.exec(text)?.[1] ?? ""];
  const answered = /^(ERR|WRONGTYPE|NOAUTH|NOPERM|WRONGPASS|BUSY|NOSCRIPT)\b/.test(text);
  return new LinkError(known ?? (answered ? "refused" : "lost"), `Redis: ${text}`, { cause: error });
}

/** Every call ends: a cut cable gives no error of its own. */
export function withDeadline<T>(ms: number, what: string, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = (): void => reject(new LinkError("deadline", `Redis: no answer to ${what} within ${ms} ms`));
    // What has arrived by then is read before: a process that stood still has its answers, and timers come first.
    const timer = setTimeout(() => setImmediate(late), ms);
    const onResult = (result: T): void => {
      clearTimeout(timer);
      resolve(result);
    };
    const onError = (error: unknown): void => {
      clearTimeout(timer);
      reject(linkError(error));
    };
    work.then(onResult, onError);
  });
}
