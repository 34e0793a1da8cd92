import { randomBytes } from "node:crypto";
import { ChannelError, type Timer } from "@countersign/bot-kit";
import type { AuditEvent, AuditServiceTailResponse } from "@countersign/proto/node/admin/v1/audit_service";
import type { Watching } from "../command/asking.ts";
import type { Administrator } from "../config.ts";
import { CoreRefusal, type Core } from "../core/core-port.ts";
import type { AdminLog } from "../log.ts";
import { messageOf, type Post } from "../post/post.ts";
import type { StateFile } from "../state/state-file.ts";
import { bookIn } from "../wording/book.ts";
import { isAct, sightingOf, WATCHED_EVENTS } from "./alert-of-event.ts";
import { alertBlocks, isAboutTransaction, type Called } from "./alert-message.ts";
import type { Alert, AlertKind, Sighting } from "./alert.ts";
import { Bell } from "./bell.ts";
import { Coalescer, NOTHING_SEEN, type CoalescerState } from "./coalescer.ts";
import { Outbox, type OutboxState, type OutEntry } from "./outbox.ts";
import { ALL_WELL, stepHealth, type HealthState, type Sample } from "./watch-health.ts";
import { NOTHING_WITNESSED, Witness, type WitnessState } from "./witness.ts";

/** All that outlasts a process: written as one, so that nothing is missed and nothing told twice unmarked. */
export interface WatchState {
  readonly cursor: string;
  readonly witness: WitnessState;
  readonly coalescer: CoalescerState;
  readonly health: HealthState;
  readonly outbox: OutboxState;
  readonly altered: boolean;
}

interface WatchGiven {
  readonly core: Core;
  readonly post: Post;
  readonly administrators: readonly Administrator[];
  readonly file: Pick<StateFile<WatchState>, "load" | "save">;
  readonly zone: string;
  /** Whether heads of the audit are told. */
  readonly sealedHeads: boolean;
  readonly timer: Timer;
  readonly log: AdminLog;
}

const LOOK_MS = 15_000;
const SAVE_MS = 1_000;
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 30_000;
const LAST_SEND_RETRY_MS = 300_000;
/** More wait in the coalescer, where they become one. */
const MOST_OUT = 5;
const ACTS_KEPT = 20;

/** Hears the audit, looks at the bots, and tells administrators what they should know. */
export class Watch {
  readonly #given: WatchGiven;
  readonly #told: readonly Administrator[];
  readonly #witness: Witness;
  readonly #coalescer: Coalescer;
  readonly #outbox: Outbox;
  readonly #bell = new Bell();
  #health: HealthState;
  #cursor: string;
  #altered: boolean;
  #dirty = false;
  #listeningSince: Date | undefined;
  #acts: readonly AuditEvent[] = [];

  constructor(given: WatchGiven) {
    this.#given = given;
    this.#told = given.administrators.filter(({ alerts }) => alerts);
    const state = given.file.load();
    this.#witness = new Witness(state?.witness ?? NOTHING_WITNESSED);
    this.#coalescer = new Coalescer(state?.coalescer ?? NOTHING_SEEN);
    this.#outbox = new Outbox(state?.outbox ?? { series: randomBytes(8).toString("hex"), next: 1, entries: [] });
    this.#health = state?.health ?? ALL_WELL;
    this.#cursor = state?.cursor ?? "";
    this.#altered = state?.altered ?? false;
  }

  /** Until the signal aborts; what it knows then is on the disk. Rejects when that cannot be written: it would forget. */
  async run(signal: AbortSignal): Promise<void> {
    const ended = new AbortController();
    const either = AbortSignal.any([signal, ended.signal]);
    const parts = [
      this.#listen(either),
      this.#look(either),
      this.#keep(either),
      this.#make(either),
      ...this.#told.map((one) => this.#tell(one, either)),
    ];
    try {
      await Promise.all(parts);
    } finally {
      ended.abort();
      await Promise.allSettled(parts);
    }
    this.#save();
  }

  /** Something that was seen elsewhere than in the audit. */
  note(kind: AlertKind, about: string = ""): void {
    this.#see({ kind, at: this.#now(), tenantId: "", about });
  }

  watching(): Watching {
    return {
      listeningSince: this.#listeningSince,
      altered: this.#altered,
      waiting: Object.keys(this.#coalescer.state.waiting).length + this.#outbox.size,
      kept: this.#witness.kept,
      acts: this.#acts,
    };
  }

  #now(): number {
    return this.#given.timer.now().getTime();
  }

  async #listen(signal: AbortSignal): Promise<void> {
    const { core, timer, log } = this.#given;
    let retryMs = FIRST_RETRY_MS;
    while (!signal.aborted) {
      let reason = "";
      try {
        const take = (message: AuditServiceTailResponse): void => {
          retryMs = FIRST_RETRY_MS;
          this.#take(message);
        };
        await core.tail(WATCHED_EVENTS, this.#cursor, take, signal);
      } catch (error) {
        reason = this.#refused(error);
        // Of an earlier form of cursors: what happened in between is in the console.
        if (reason === "BAD_INPUT") this.#cursor = "";
      }
      this.#listeningSince = undefined;
      if (signal.aborted) return;
      log.write({ event: "tail-broken", reason, retryInMs: retryMs });
      await timer.sleep(retryMs, signal);
      retryMs = Math.min(retryMs * 2, LAST_RETRY_MS);
    }
  }

  #take({ events, cursor }: AuditServiceTailResponse): void {
    this.#listeningSince ??= this.#given.timer.now();
    for (const event of events) {
      const testimony = this.#witness.hear(event);
      if (testimony === "again") continue;
      if (testimony === "altered") {
        this.#altered = true;
        this.note("integrity", `audit ${event.shard}/${event.seq}`);
      }
      if (testimony === "set-back") this.note("tail-lost", `audit ${event.shard}/${event.seq}`);
      if (isAct(event)) this.#acts = [...this.#acts, event].slice(-ACTS_KEPT);
      const sighting = sightingOf(event, this.#now());
      if (sighting?.kind === "integrity") this.#altered = true;
      if (sighting !== undefined && (sighting.kind !== "sealed" || this.#given.sealedHeads)) this.#see(sighting);
    }
    if (cursor !== "") this.#cursor = cursor;
    this.#dirty = true;
  }

  #see(sighting: Sighting): void {
    this.#coalescer.note(sighting);
    this.#dirty = true;
    this.#bell.ring();
  }

  /** The reason, for the log; what cannot be trusted is told. */
  #refused(error: unknown): string {
    if (!(error instanceof CoreRefusal)) throw error;
    if (error.isIntegrity) this.note("integrity");
    if (!error.isOutage) this.#given.log.write({ event: "core-refused", reason: error.reason });
    return error.reason;
  }

  async #look(signal: AbortSignal): Promise<void> {
    const { timer } = this.#given;
    while (!signal.aborted) {
      const { state, sightings } = stepHealth(this.#health, await this.#sample(), this.#now());
      if (signal.aborted) return;
      this.#health = state;
      this.#dirty = true;
      for (const sighting of sightings) this.#see(sighting);
      await timer.sleep(LOOK_MS, signal);
    }
  }

  async #sample(): Promise<Sample> {
    const { core } = this.#given;
    try {
      const tenants = await core.tenants();
      const lists = await Promise.all(
        tenants.map(async ({ tenantId }) => (await core.bots(tenantId)).map((bot) => ({ ...bot, tenantId }))),
      );
      return lists.flat();
    } catch (error) {
      this.#refused(error);
      return undefined;
    }
  }

  async #keep(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#given.timer.sleep(SAVE_MS, signal);
      if (this.#dirty) this.#save();
    }
  }

  #save(): void {
    this.#dirty = false;
    this.#given.file.save({
      cursor: this.#cursor,
      witness: this.#witness.state,
      coalescer: this.#coalescer.state,
      health: this.#health,
      outbox: this.#outbox.state,
      altered: this.#altered,
    });
  }

  /** Alerts that are due go to everybody who is to be told, unless those before them are not sent yet. */
  async #make(signal: AbortSignal): Promise<void> {
    const ids = this.#told.map(({ id }) => id);
    if (ids.length === 0) return;
    while (!signal.aborted) {
      const isFull = this.#outbox.fewest(ids) >= MOST_OUT;
      const alerts = isFull ? [] : this.#coalescer.take(this.#now());
      for (const alert of alerts) this.#outbox.put(alert, ids);
      if (alerts.length > 0) this.#bell.ring();
      const wait = isFull ? undefined : this.#coalescer.dueIn(this.#now());
      await this.#bell.wait(this.#given.timer, wait, signal);
    }
  }

  async #tell(to: Administrator, signal: AbortSignal): Promise<void> {
    const { timer } = this.#given;
    let retryMs = FIRST_RETRY_MS;
    while (!signal.aborted) {
      const entry = this.#outbox.first(to.id);
      if (entry === undefined) {
        await this.#bell.wait(timer, undefined, signal);
        continue;
      }
      const wait = await this.#try(entry, to, retryMs);
      this.#bell.ring();
      retryMs = wait === undefined ? FIRST_RETRY_MS : Math.min(retryMs * 2, LAST_SEND_RETRY_MS);
      if (wait !== undefined) await timer.sleep(wait, signal);
    }
  }

  /** undefined: it is over. Else in how many milliseconds it is tried again. */
  async #try(entry: OutEntry, to: Administrator, retryMs: number): Promise<number | undefined> {
    const { post, log, zone } = this.#given;
    const { id, alert, again } = entry;
    const book = bookIn(to.locale);
    const called = await this.#called(alert);
    const message = messageOf(book, "preview-alert", alertBlocks(alert, called, again, book, zone));
    this.#outbox.begin(id);
    this.#save();
    try {
      await post.alert(to, id, message);
      this.#outbox.end(id);
      log.write({ event: "alert-sent", kind: alert.kind, count: alert.count });
    } catch (error) {
      if (!(error instanceof ChannelError)) throw error;
      const { fate, detail, retryAfterMs = 0 } = error;
      log.write({ event: "alert-not-sent", kind: alert.kind, detail, given: fate === "permanent" ? "up" : "back" });
      if (fate === "permanent") this.#outbox.end(id);
      else this.#outbox.retry(id, fate === "unknown");
      this.#dirty = true;
      return fate === "permanent" ? undefined : Math.max(retryAfterMs, retryMs);
    }
    this.#save();
    return undefined;
  }

  /** Names for ids, as far as the core tells them now: an alert does not wait for them. */
  async #called(alert: Alert): Promise<Called> {
    const { core } = this.#given;
    const { tenantId, about } = alert.newest;
    if (tenantId === "") return { tag: "", tenant: "" };
    try {
      const [tenants, found] = await Promise.all([
        core.tenants(),
        isAboutTransaction(alert) ? core.transaction(tenantId, about) : undefined,
      ]);
      const tenant = tenants.find((one) => one.tenantId === tenantId);
      return { tag: found?.transaction?.tag ?? "", tenant: tenant?.name ?? "" };
    } catch (error) {
      this.#refused(error);
      return { tag: "", tenant: "" };
    }
  }
}
