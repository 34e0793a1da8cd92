// One shard as this core works on it: its truth, brought up to date with each answer, and its commits, one at a time.
import type { MacKey } from "@countersign/protocol";
import { decoded, isDecoded, type DecodedEntity, type EntityCache, type VerifiedEntity } from "../entity-cache.ts";
import { nameOf } from "../change-set.ts";
import type { EntityMac } from "../entity-mac.ts";
import type { EntityKey, Shard } from "../entity.ts";
import { StoreUnavailableError, type Index } from "../store.ts";
import type { Place } from "../witness-table.ts";
import type { KeyNames } from "./key-names.ts";
import type { RedisLink } from "./redis-link.ts";
import { LOAD_SCRIPT } from "./scripts.ts";
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

/** An answer of the load script. */
interface Answer {
  readonly absorbed: ReturnType<ShardTruth["absorb"]>;
  readonly values: readonly string[];
}

/** How often a read is repeated because others wrote meanwhile. */
const MOST_READS = 16;

export class ShardDesk {
  readonly shard: Shard;
  readonly truth: ShardTruth;
  readonly #given: DeskGiven;
  readonly #onOpened: () => void;
  #opening: Promise<void> | undefined;
  #catchingUp: Promise<void> | undefined;

  constructor(given: DeskGiven, shard: Shard, truth: ShardTruth, onOpened: () => void) {
    this.#given = given;
    this.#onOpened = onOpened;
    this.shard = shard;
    this.truth = truth;
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

  async #ask(wanted: readonly { readonly entity: string; readonly have: string }[]): Promise<Answer> {
    const { link, names, clock } = this.#given;
    const from: Known = this.truth.known;
    const learn = clock.start();
    const reply = await link.read({
      script: LOAD_SCRIPT,
      keys: [names.head(this.shard), names.audit(this.shard), ...wanted.map(({ entity }) => entity)],
      args: [clock.argument, from.head.text, String(from.head.seq), ...wanted.map(({ have }) => have)],
    });
    const [now, live, head, missed, values] = reply as [number, string, string, string[], string[]];
    learn(now);
    return { absorbed: this.truth.absorb({ live, head, missed, from }), values };
  }

  /**
   * Entities of one moment, each believed only where the chain has it. `undefined`: it does not exist. Also "epoch-over",
   * when the server's history is another one: nothing is answered before the new epoch has begun.
   */
  async read(keys: readonly EntityKey[]): Promise<readonly (VerifiedEntity | undefined)[] | "epoch-over"> {
    await this.opened();
    for (let i = 0; i < MOST_READS; i++) {
      const wanted = keys.map((key) => this.#wanted(key));
      const { absorbed, values } = await this.#ask(wanted);
      if (absorbed === "more" || absorbed === "reset") {
        await this.catchUp();
        continue;
      }
      if (this.truth.epochIsOver) return "epoch-over";
      const found = this.#check(keys, values, absorbed === "current");
      if (found !== undefined) return found;
    }
    throw new StoreUnavailableError("a shard changes faster than it can be read; ask again");
  }

  #wanted(key: EntityKey): { readonly entity: string; readonly have: string } {
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
    return found === "epoch-over" ? undefined : found.map((entity) => entity?.index);
  }

  /** What was verified and is kept in memory, of whatever version. */
  cached(name: string): ReturnType<EntityCache["get"]> {
    return this.#given.cache.get(`${this.shard}\0${name}`);
  }
}
