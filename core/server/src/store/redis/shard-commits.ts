// Commits of one shard, one at a time: each continues the chain where the one before it ended.
import { randomBytes } from "node:crypto";
import { performance } from "node:perf_hooks";
import { toHex } from "@countersign/protocol";
import { written as writtenEntity } from "../entity-cache.ts";
import type { Shard, UnixMs } from "../entity.ts";
import { IntegrityError, StoreFullError, StoreUnavailableError, type ChangeSet, type CommitOutcome } from "../store.ts";
import { brokenChain } from "../chain-reader.ts";
import {
  CHANGE_KEPT,
  commitCall,
  type CommitCall,
  type CommitStep,
  type PlacedWrite,
  type PreparedChange,
  type PreparedWrite,
} from "./commit-call.ts";
import { LinkError } from "./redis-link.ts";
import { OUTCOME_SCRIPT } from "./scripts.ts";
import type { DeskGiven, ShardDesk } from "./shard-desk.ts";
import { numberOf, tampered } from "./stored-row.ts";
import { writeWitness } from "./stored-witness.ts";

/** Others may get ahead so often; after that the caller loads again. */
const MOST_ATTEMPTS = 64;

/** A witness is stored again after this many entries, or as many as it has entities. */
const WITNESS_EVERY = 512;

export interface CommitsGiven extends DeskGiven {
  /** Told right after a commit of this core. */
  readonly onCommitted: (desk: ShardDesk, change: ChangeSet, writes: readonly PlacedWrite[]) => void;
  /** Told once the first entry of a new epoch is this core's. */
  readonly onEpochBegan: (shard: Shard) => void;
  readonly onTrouble: (error: Error) => void;
}

type Attempt = CommitOutcome | "again";

export class ShardCommits {
  readonly #given: CommitsGiven;
  readonly #desk: ShardDesk;
  #tail: Promise<unknown> = Promise.resolve();
  #attempts = 0;

  constructor(given: CommitsGiven, desk: ShardDesk) {
    this.#given = given;
    this.#desk = desk;
  }

  /** Resolves when it is durable, refused, or in doubt. Rejects with IntegrityError, StoreFullError. */
  commit(change: ChangeSet, prepared: PreparedChange): Promise<CommitOutcome> {
    const end = performance.now() + this.#given.link.deadlineMs;
    const turn = this.#tail.then(() => this.#settle(change, prepared, end));
    this.#tail = turn.catch(() => {});
    return turn;
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    await this.#tail;
  }

  // Whoever waited behind calls that hung is not sent any more: his caller has given up.
  async #settle(change: ChangeSet, prepared: PreparedChange, end: number): Promise<CommitOutcome> {
    for (let i = 0; i < MOST_ATTEMPTS && performance.now() < end; i++) {
      const outcome = await this.#attempt(change, prepared);
      if (outcome !== "again") return outcome;
    }
    return "conflict"; // nothing was written: whoever loads again sees what got ahead
  }

  async #attempt(change: ChangeSet, prepared: PreparedChange): Promise<Attempt> {
    const { truth } = this.#desk;
    try {
      if (!this.#desk.isOpen) await this.#desk.opened();
      if (truth.epochIsOver) await this.beginEpoch();
      if (isAhead(change, truth.head.seq)) await this.#desk.catchUp();
    } catch (error) {
      if (error instanceof LinkError) return "unknown";
      throw error;
    }
    if (this.#conflicts(change, prepared)) return "conflict";
    const writes = this.#place(prepared.writes) ?? (await this.#placeAfterReading(prepared));
    if (writes === undefined || truth.epochIsOver) return "again";
    const step = this.#step(change, writes, truth.head.epoch);
    const made = commitCall(this.#given, step);
    const known = truth.known;
    const learn = this.#given.clock.start();
    let written;
    try {
      written = await this.#given.link.write(made.call);
    } catch (error) {
      return this.#doubt(error, change);
    }
    const [said, now, live, head, more] = written.reply as [string, UnixMs, string, string, unknown];
    switch (said) {
      case "committed":
        learn(now);
        if (head === made.head.text) this.#keep(made, change, writes, written.held);
        return written.held ? "committed" : "unknown";
      case "void":
        return "conflict"; // it was given up before it ran
      case "late":
        return "late";
      case "clock":
        this.#given.clock.reset(now);
        return "again";
      case "moved": {
        const absorbed = truth.absorb({ live, head, missed: more as string[], from: known });
        if (absorbed === "more" || absorbed === "reset") await this.#catchUp();
        return "again";
      }
      case "row": {
        const { write, old } = writes[Number(more) - 1]!;
        throw tampered(write.key, `its row is not at version ${old.seq}, which the audit chain names last`);
      }
      default:
        throw brokenChain(this.#desk.shard, truth.head.seq, "entries are missing, or there are more");
    }
  }

  async #catchUp(): Promise<void> {
    try {
      await this.#desk.catchUp();
    } catch (error) {
      if (!(error instanceof LinkError)) throw error; // without a link the next attempt says so
    }
  }

  #step(change: ChangeSet, writes: readonly PlacedWrite[], epoch: number): CommitStep {
    const { clock } = this.#given;
    const { head, live } = this.#desk.truth;
    return {
      ...{ shard: this.#desk.shard, change, writes, head, live, epoch },
      ...{ at: clock.now(), clock: clock.argument, attempt: ++this.#attempts },
    };
  }

  // What was only read is judged here alone: the script runs only while the chain ends where this core knows it to.
  #conflicts({ epoch }: Pick<ChangeSet, "epoch">, { writes, reads }: PreparedChange): boolean {
    const { truth } = this.#desk;
    if (epoch !== truth.head.epoch) return true;
    return (
      writes.some(({ write, place }) => write.expected !== versionText(truth.stampOf(place).seq)) ||
      reads.some(({ expected, place }) => expected !== versionText(truth.stampOf(place).seq))
    );
  }

  // Undefined: the index that an entity has now is not in memory.
  #place(prepared: readonly PreparedWrite[]): readonly PlacedWrite[] | undefined {
    const placed: PlacedWrite[] = [];
    for (const one of prepared) {
      const old = this.#desk.truth.stampOf(one.place);
      const known = this.#given.cache.get(one.name);
      const isKnown = known?.version === numberOf(old);
      if (old.seq > 0 && !isKnown) return undefined;
      placed.push({ ...one, old, oldIndex: old.seq > 0 ? known?.index : undefined });
    }
    return placed;
  }

  async #placeAfterReading(prepared: PreparedChange): Promise<readonly PlacedWrite[] | undefined> {
    const { writes } = prepared;
    const keys = writes.filter(({ write }) => write.expected !== "").map(({ write }) => write.key);
    try {
      const indexes = await this.#desk.indexes(keys);
      if (indexes === undefined || this.#conflicts(this.#desk.truth.head, prepared)) {
        return undefined;
      }
      let at = 0;
      return writes.map((one) => {
        const oldIndex = one.write.expected === "" ? undefined : indexes[at++];
        return { ...one, old: this.#desk.truth.stampOf(one.place), oldIndex };
      });
    } catch (error) {
      if (error instanceof LinkError || error instanceof StoreUnavailableError) return undefined;
      throw error;
    }
  }

  /** The first core that meets another history of the server says so in the chain: from then on the epoch is one higher. */
  async beginEpoch(): Promise<void> {
    const { truth } = this.#desk;
    for (let i = 0; truth.epochIsOver && i < MOST_ATTEMPTS; i++) {
      const { seq, epoch } = truth.head;
      const detail = { epoch: epoch + 1, lastOfOldEpoch: seq };
      const subject = `shard:${this.#desk.shard}`;
      const change: ChangeSet = {
        ...{ changeId: toHex(randomBytes(16)), epoch, writes: [] },
        audit: [{ event: "shard.epoch-began", tenant: "", actor: "core", subject, detail }],
      };
      const made = commitCall(this.#given, this.#step(change, [], epoch + 1));
      const known = truth.known;
      const { reply, held } = await this.#given.link.write(made.call);
      const [said, now, live, head, more] = reply as [string, UnixMs, string, string, unknown];
      if (said === "committed") {
        this.#keep(made, change, [], held);
        this.#given.onEpochBegan(this.#desk.shard);
      } else if (said === "clock") this.#given.clock.reset(now);
      else if (said === "moved") truth.absorb({ live, head, missed: more as string[], from: known });
      else throw brokenChain(this.#desk.shard, seq, "entries are missing, or there are more");
      await this.#desk.catchUp();
    }
  }

  #keep({ head, stamp }: CommitCall, change: ChangeSet, writes: readonly PlacedWrite[], held: boolean): void {
    const { cache } = this.#given;
    const { truth } = this.#desk;
    if (held) this.#desk.noteHeld({ live: head.replid, seq: head.seq });
    truth.advance(
      head,
      writes.map(({ place, text }) => [place, text === undefined ? 0 : stamp.seq] as const),
    );
    for (const { name, place, stored, index } of writes) {
      if (stored === undefined) cache.delete(name);
      else cache.set(name, writtenEntity(place, numberOf(stamp), stored, index));
    }
    this.#given.onCommitted(this.#desk, change, writes);
    if (truth.head.seq - truth.savedSeq >= Math.max(WITNESS_EVERY, truth.witness.size)) this.#saveWitness();
  }

  // It only saves work at the next start, so a failure costs nothing but that.
  #saveWitness(): void {
    const { link, names, macKey, onTrouble } = this.#given;
    const { truth, shard } = this.#desk;
    const { epoch, seq, hash } = truth.head;
    const name = names.witness(shard);
    truth.savedSeq = seq;
    const text = writeWitness(macKey, shard, { epoch, seq, hash, witness: truth.witness });
    link.command(name, ["SET", name, text]).catch(onTrouble);
  }

  // Redis refuses a script when its memory is full, but it is asked all the same: no error proves that nothing ran.
  async #doubt(error: unknown, change: ChangeSet): Promise<CommitOutcome> {
    if (!(error instanceof LinkError)) throw error;
    this.#given.onTrouble(error);
    if (error.message.includes("WRONGTYPE"))
      throw new IntegrityError(`shard ${this.#desk.shard}: ${error.message}`, { cause: error });
    if (error.failure !== "full") return "unknown";
    try {
      if ((await this.outcome(change.changeId)) === "committed") return "committed";
    } catch {
      return "unknown";
    }
    throw new StoreFullError("Redis' memory is full: nothing was written; raise maxmemory, then call again", {
      cause: error,
    });
  }

  /** Whether a change was committed; one that was not never will be. Rejects with LinkError when Redis cannot say. */
  async outcome(changeId: string): Promise<"committed" | "absent"> {
    const { link, names, coreId } = this.#given;
    const keys = [names.change(this.#desk.shard, changeId)];
    const args = [CHANGE_KEPT, coreId, String(this.#attempts)];
    const { reply, held } = await link.write({ script: OUTCOME_SCRIPT, keys, args });
    if (!held) throw new LinkError("no-replicas", "Redis: too few replicas have what was written last");
    return reply === "committed" ? "committed" : "absent";
  }
}

function versionText(seq: number): string {
  return seq === 0 ? "" : String(seq);
}

// Whoever loaded it elsewhere has seen more than this core.
function isAhead({ writes, reads = [] }: ChangeSet, seq: number): boolean {
  return [...writes, ...reads].some(({ expected }) => Number(expected) > seq);
}
