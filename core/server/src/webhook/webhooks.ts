// Telling endpoints, in a running core. No payment waits for it: what is told is read out of the audit chains afterwards.
import { toHex } from "@countersign/protocol";
import type { CoreGiven } from "../given.ts";
import type { OutboundSeams } from "../outbound/post.ts";
import type { HexId } from "../store/entity.ts";
import { EndpointWorker, type Looked, type WorkerGiven } from "./endpoint-worker.ts";
import { everyWebhook } from "./find.ts";

/** What tests choose. */
export interface WebhookSeams extends OutboundSeams {
  readonly draw?: () => number;
}

/** Hints of other cores may be lost: so often every chain is looked at. */
const EVERYTHING_MS = 60_000;
const LONGEST_WAIT_MS = 60_000;
const AGAIN_MS = 5000;
/** A look takes what has come together: under load fewer, larger commits. */
const GATHER_MS = 100;

interface Running {
  readonly worker: EndpointWorker;
  /** A look that was asked for while one ran. */
  isWanted: boolean;
  looking: Promise<void> | undefined;
  timer: NodeJS.Timeout | undefined;
}

/** A worker for each endpoint; a slow receiver keeps no other waiting. */
export class Webhooks {
  readonly #of: WorkerGiven;
  readonly #stopped = new AbortController();
  readonly #running = new Map<HexId, Running>();
  #unsubscribe: (() => void) | undefined;
  #everything: NodeJS.Timeout | undefined;
  #finding: Promise<void> = Promise.resolve();

  constructor(given: CoreGiven, { draw = Math.random, ...seams }: WebhookSeams = {}) {
    const holder = toHex(given.random.bytes(16));
    this.#of = { given, seams, holder, draw, signal: this.#stopped.signal };
  }

  start(): void {
    const { store } = this.#of.given;
    this.#unsubscribe = store.subscribe((shard, keys) => {
      for (const running of this.#running.values()) {
        running.worker.mark(shard);
        this.#arm(running, GATHER_MS);
      }
      if (keys.some(({ type }) => type === "webhook")) void this.#findAll();
    });
    if (this.#of.given.soleCore === false) {
      this.#everything = setInterval(() => void this.#lookEverywhere(), EVERYTHING_MS);
      this.#everything.unref();
    }
    void this.#findAll();
  }

  /** Resolves when nothing runs any more. */
  async stop(): Promise<void> {
    this.#unsubscribe?.();
    clearInterval(this.#everything);
    this.#stopped.abort();
    await this.#finding;
    for (const running of this.#running.values()) {
      clearTimeout(running.timer);
      await running.looking;
      await this.#guarded(() => running.worker.release());
    }
    this.#running.clear();
  }

  /** Does all there is to do now, for every endpoint. */
  async look(): Promise<void> {
    await this.#findAll();
    await Promise.all([...this.#running.values()].map((running) => this.#look(running)));
  }

  async #lookEverywhere(): Promise<void> {
    for (const { worker } of this.#running.values()) worker.markAll();
    await this.look();
  }

  #findAll(): Promise<void> {
    this.#finding = this.#finding.then(() => this.#guarded(() => this.#find()));
    return this.#finding;
  }

  async #find(): Promise<void> {
    const webhooks = await everyWebhook(this.#of.given);
    for (const { endpointId } of webhooks) {
      if (this.#stopped.signal.aborted) return;
      const known = this.#running.get(endpointId);
      const worker = known?.worker ?? new EndpointWorker(this.#of, endpointId);
      const running = known ?? { worker, isWanted: false, looking: undefined, timer: undefined };
      this.#running.set(endpointId, running);
      this.#arm(running, GATHER_MS);
    }
  }

  /** Looks after so long; an earlier moment that was set stays. */
  #arm(running: Running, wait: number): void {
    if (this.#stopped.signal.aborted) return;
    if (running.looking !== undefined) {
      running.isWanted = true;
      running.worker.wake();
      return;
    }
    if (wait === GATHER_MS && running.isWanted) return;
    running.isWanted = wait === GATHER_MS;
    clearTimeout(running.timer);
    running.timer = setTimeout(() => void this.#look(running), wait);
    running.timer.unref();
  }

  #look(running: Running): Promise<void> {
    running.isWanted = running.looking !== undefined;
    running.worker.wake();
    running.looking ??= this.#lookUntilQuiet(running);
    return running.looking;
  }

  async #lookUntilQuiet(running: Running): Promise<void> {
    clearTimeout(running.timer);
    let wait = AGAIN_MS;
    do {
      running.isWanted = false;
      const looked = await this.#guarded(() => running.worker.look());
      if (looked?.gone === true) {
        for (const [id, one] of this.#running) if (one === running) this.#running.delete(id);
        return;
      }
      wait = this.#waitAfter(looked);
      if (looked === undefined) break; // what failed a moment ago is left alone for a while
    } while (running.isWanted && !this.#stopped.signal.aborted);
    running.looking = undefined;
    this.#arm(running, wait);
  }

  #waitAfter(looked: Looked | undefined): number {
    if (looked === undefined) return AGAIN_MS;
    if (looked.gone || looked.due === undefined) return LONGEST_WAIT_MS;
    return Math.min(Math.max(looked.due - this.#of.given.store.now(), 0) + 1, LONGEST_WAIT_MS);
  }

  async #guarded<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      if (this.#stopped.signal.aborted) return undefined;
      this.#of.given.log.error(
        { error: error instanceof Error ? error : String(error) },
        "webhooks could not be told; they are kept, and told later",
      );
      return undefined;
    }
  }
}
