// One shard as this core works on it: its truth, brought up to date with each answer, and its commits, one at a time.
import type { MacKey } from "@countersign/protocol";
import { decoded, isDecoded, type DecodedEntity, type EntityCache, type VerifiedEntity } from "../entity-cache.ts";
import { nameOf } from "../change-set.ts";
import type { EntityMac } from "../entity-mac.ts";
import type { EntityKey, Shard } from "../entity.ts";
import { StoreUnavailableError, type Index } from "../store.ts";
import type { Place } from "../witness-table.ts";
import { HeldChain, type Position } from "./held-chain.ts";
import type { KeyNames } from "./key-names.ts";
import { LinkError, type Call, type RedisLink } from "./redis-link.ts";
import { HELD_SCRIPT, LOAD_SCRIPT } from "./scripts.ts";
import { decodeHead } from "./shard-head.ts";
import type { Known, ShardTruth } from "./shard-truth.ts";
import type { StoreClock } from "./store-clock.ts";
import { decodeRow, numberOf, stampText } from "./stored-row.ts";
import { readWitness } from "./stored-witness.ts";

/** What all shards share. */
export interface DeskGiven {
  readonly link: RedisLink;
  readonly macKey: MacKey;
  readonly mac: EntityMac;
  readonly names: KeyNames;
  readonly cache: EntityCache;
  readonly clock: StoreClock;
  readonly coreId: string;
  readonly placeOf: (name: string) => Place;
}

/** An entity's key, and the version of it that this core has. */
interface Wanted {
  readonly entity: string;
  readonly have: string;
}

/** An answer of the load script. */
interface Answer {
  readonly absorbed: ReturnType<ShardTruth["absorb"]>;
  readonly values: readonly string[];
}

/** Entities of one moment, and where the chain stood then. */
export interface EntitiesRead {
  readonly entities: readonly (VerifiedEntity | undefined)[];
  readonly epoch: number;
  readonly at: Position;
}

/** How often a read is repeated because others wrote meanwhile. */
const MOST_READS = 16;

export class ShardDesk {
  readonly shard: Shard;
  readonly truth: ShardTruth;
  readonly #given: DeskGiven;
  readonly #onOpened: () => void;
  #opening: Promise<void> | undefined;
  #isOpen = false;
  #catchingUp: Promise<void> | undefined;
  #confirming: Promise<void> | undefined;
  readonly #held = new HeldChain();

  constructor(given: DeskGiven, shard: Shard, truth: ShardTruth, onOpened: () => void) {
    this.#given = given;
    this.#onOpened = onOpened;
    this.shard = shard;
    this.truth = truth;
  }

  /** Whether the chain was read. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Reads the chain on first use. Rejects with IntegrityError, LinkError. */
  opened(): Promise<void> {
    this.#opening ??= this.#open().catch((error: unknown) => {
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }

  async #open(): Promise<void> {
    const { link, names, macKey } = this.#given;
    const name = names.witness(this.shard);
    const stored = await link.command(name, ["GET", name]);
    const found = typeof stored === "string" ? readWitness(macKey, this.shard, stored) : undefined;
    if (found !== undefined) this.truth.startAt(found);
    await this.catchUp();
    this.#isOpen = true;
    this.#onOpened();
  }

  /** Reads what others wrote, up to the head. */
  catchUp(): Promise<void> {
    this.#catchingUp ??= this.#follow().finally(() => (this.#catchingUp = undefined));
    return this.#catchingUp;
  }

  async #follow(): Promise<void> {
    for (;;) {
      const { absorbed } = await this.#ask([]);
      if (absorbed === "current") return;
    }
  }

  /** Where the chain stands, as far as this core knows. */
  get position(): Position {
    return { live: this.truth.live, seq: this.truth.head.seq };
  }

  /** As many servers as were asked for have the chain up to there. */
  noteHeld(at: Position): void {
    this.#held.note(at);
  }

  /**
   * Waits until as many servers as were asked for have the chain up to there; false: the server's history is another one
   * since, and what was read must be read again. Rejects with LinkError when too few have it.
   */
  async isHeld(at: Position): Promise<boolean> {
    while (this.#given.link.waits && !this.#held.covers(at)) {
      if (this.truth.live !== at.live) return false;
      // One that was under way may have been asked before `at` was written: then it is asked once more.
      await (this.#confirming ??= this.#confirm().finally(() => (this.#confirming = undefined)));
    }
    return true;
  }

  // The chain is read on the connection that then waits, so that the answer says whose replicas were counted, and how far.
  async #confirm(): Promise<void> {
    const from: Known = this.truth.known;
    const { link, names } = this.#given;
    const { keys, args } = this.#question(from, []);
    const { reply, held } = await link.write({ script: HELD_SCRIPT, keys: [...keys, names.held(this.shard)], args });
    const [, live, head, missed] = reply as [number, string, string, string[]];
    this.truth.absorb({ live, head, missed, from });
    if (!held) throw new LinkError("no-replicas", "Redis: too few replicas have what was read; ask again");
    this.#held.note({ live, seq: decodeHead(this.#given.macKey, this.shard, head).seq });
  }

  #question(from: Known, wanted: readonly Wanted[]): Call {
    const { names, clock } = this.#given;
    return {
      script: LOAD_SCRIPT,
      keys: [names.head(this.shard), names.audit(this.shard), ...wanted.map(({ entity }) => entity)],
      args: [clock.argument, from.head.text, String(from.head.seq), ...wanted.map(({ have }) => have)],
    };
  }

  async #ask(wanted: readonly Wanted[]): Promise<Answer> {
    const { link, clock } = this.#given;
    const from: Known = this.truth.known;
    const learn = clock.start();
    const reply = await link.read(this.#question(from, wanted));
    const [now, live, head, missed, values] = reply as [number, string, string, string[], string[]];
    learn(now);
    return { absorbed: this.truth.absorb({ live, head, missed, from }), values };
  }

  /**
   * Entities of one moment, each believed only where the chain has it. `undefined`: it does not exist. Also "epoch-over",
   * when the server's history is another one: nothing is answered before the new epoch has begun. Whoever tells it to
   * anybody asks `isHeld` first.
   */
  async read(keys: readonly EntityKey[]): Promise<EntitiesRead | "epoch-over"> {
    if (!this.#isOpen) await this.opened();
    for (let i = 0; i < MOST_READS; i++) {
      const wanted = keys.map((key) => this.#wanted(key));
      const { absorbed, values } = await this.#ask(wanted);
      if (absorbed === "more" || absorbed === "reset") {
        await this.catchUp();
        continue;
      }
      if (this.truth.epochIsOver) return "epoch-over";
      const entities = this.#check(keys, values, absorbed === "current");
      if (entities !== undefined) return { entities, epoch: this.truth.head.epoch, at: this.position };
    }
    throw new StoreUnavailableError("a shard changes faster than it can be read; ask again");
  }

  #wanted(key: EntityKey): Wanted {
    const { names, placeOf } = this.#given;
    const name = nameOf(key);
    const stamp = this.truth.stampOf(placeOf(name));
    const known = stamp.seq > 0 && this.cached(name)?.version === numberOf(stamp);
    return { entity: names.entity(this.shard, key), have: known ? stampText(stamp) : "" };
  }

  // Undefined: the truth went on while the answer was on its way, and the answer has not what it names now.
  #check(
    keys: readonly EntityKey[],
    values: readonly string[],
    isCurrent: boolean,
  ): readonly (VerifiedEntity | undefined)[] | undefined {
    const { mac, cache, placeOf } = this.#given;
    const found: (VerifiedEntity | undefined)[] = [];
    for (const [i, key] of keys.entries()) {
      const name = nameOf(key);
      const place = placeOf(name);
      const stamp = this.truth.stampOf(place);
      const known = this.cached(name);
      const row = values[i] ?? "";
      if (stamp.seq === 0) {
        found.push(undefined);
      } else if (known?.version === numberOf(stamp)) {
        found.push(known);
      } else if (row === "=" || (!isCurrent && !row.startsWith(`${stampText(stamp)}\n`))) {
        return undefined;
      } else {
        const entity = decodeRow(mac, this.shard, { key, place, stamp, row });
        cache.set(`${this.shard}\0${name}`, entity);
        found.push(entity);
      }
    }
    return found;
  }

  /** The same entities decoded, for whoever loads them: all who load a version share one body. */
  decoded(key: EntityKey, entity: VerifiedEntity): DecodedEntity {
    if (isDecoded(entity)) return entity;
    const name = nameOf(key);
    const known = this.cached(name);
    if (known?.version === entity.version && isDecoded(known)) return known;
    const made = decoded(entity);
    this.#given.cache.set(`${this.shard}\0${name}`, made);
    return made;
  }

  /** How entities are indexed now; undefined when the epoch is over. */
  async indexes(keys: readonly EntityKey[]): Promise<readonly (Index | undefined)[] | undefined> {
    const found = await this.read(keys);
    return found === "epoch-over" ? undefined : found.entities.map((entity) => entity?.index);
  }

  /** What was verified and is kept in memory, of whatever version. */
  cached(name: string): ReturnType<EntityCache["get"]> {
    return this.#given.cache.get(`${this.shard}\0${name}`);
  }
}
