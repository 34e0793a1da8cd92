// Whatever finds keys without loading entities. Members of the sorted sets are only hints until `load` has checked them.
import { SHARDS, type EntityKey, type EntityType, type Shard, type UnixMs } from "../entity.ts";
import type { Found, Page } from "../store.ts";
import type { KeyNames } from "./key-names.ts";
import type { RedisLink } from "./redis-link.ts";
import { Where, type Look } from "./where.ts";

export class RedisQueries {
  readonly #link: RedisLink;
  readonly #names: KeyNames;
  /** Shards whose earliest due time may be another one than `#next` says. */
  readonly #dues = new Where();
  /** Earliest due time of each shard; Infinity: nothing. */
  readonly #next = new Float64Array(SHARDS).fill(Infinity);
  /** Up to which write that is so: of two looks at a time the earlier one may be answered last. */
  readonly #nextWritten = new Float64Array(SHARDS);
  readonly #lanes = new Map<string, Where>();

  constructor(link: RedisLink, names: KeyNames) {
    this.#link = link;
    this.#names = names;
  }

  async list<T extends EntityType>(
    shard: Shard,
    type: T,
    owner: string,
    { tenant, before, limit }: Page,
  ): Promise<EntityKey<T>[]> {
    const set = this.#names.list(shard, { type, tenant }, owner);
    const from = before === undefined ? "-inf" : `(${-before}`;
    const found = await this.#range(set, [
      "ZRANGEBYSCORE",
      set,
      from,
      "+inf",
      "WITHSCORES",
      "LIMIT",
      "0",
      String(limit),
    ]);
    const ids = found.map(({ member }) => member);
    const last = found.at(-1)?.score;
    if (found.length === limit && last !== undefined) {
      const ties = await this.#range(set, ["ZRANGEBYSCORE", set, String(last), String(last), "WITHSCORES"]);
      ids.push(...ties.map(({ member }) => member).filter((id) => !ids.includes(id)));
    }
    return ids.map((id) => ({ type, tenant, id }));
  }

  async due(until: UnixMs, limit: number): Promise<Found[]> {
    await this.#refresh();
    const shards = [...this.#next.entries()].filter(([, next]) => next <= until).map(([shard]) => shard);
    const found = await Promise.all(
      shards.map(async (shard) => {
        const set = this.#names.due(shard);
        const range = ["ZRANGEBYSCORE", set, "-inf", String(until), "WITHSCORES", "LIMIT", "0", String(limit)];
        return (await this.#range(set, range)).map((one) => ({ ...one, shard }));
      }),
    );
    return firstOf(found.flat(), limit);
  }

  /** All that waits for a moment in a shard, whenever that comes, earliest first. */
  async waiting(shard: Shard, limit: number): Promise<readonly EntityKey[]> {
    const set = this.#names.due(shard);
    const found = await this.#range(set, ["ZRANGE", set, "0", String(limit - 1), "WITHSCORES"]);
    return found.map(({ member }) => keyOf(member));
  }

  async nextDue(): Promise<UnixMs | undefined> {
    await this.#refresh();
    const next = this.#next.reduce((least, one) => Math.min(least, one), Infinity);
    return next === Infinity ? undefined : next;
  }

  async lane(lane: string, limit: number): Promise<Found[]> {
    const where = this.#lanes.get(lane) ?? new Where();
    this.#lanes.set(lane, where);
    const looks = where.toLook();
    const found = await Promise.all(
      looks.map(async (look) => {
        const set = this.#names.lane(look.shard, lane);
        const members = await this.#range(set, ["ZRANGE", set, "0", String(limit - 1), "WITHSCORES"]);
        if (members.length === 0) where.done(look);
        return members.map((one) => ({ ...one, shard: look.shard }));
      }),
    );
    return firstOf(found.flat(), limit);
  }

  /** What was written, or a hint of it. `lanes` undefined: it is not known which. */
  note(shard: Shard, due: boolean, lanes: readonly string[] | undefined): void {
    if (due) this.#dues.add(shard);
    for (const lane of lanes ?? this.#lanes.keys()) this.#lanes.get(lane)?.add(shard);
  }

  /** Hints were lost. */
  noteGap(): void {
    this.#dues.addAll();
    for (const where of this.#lanes.values()) where.addAll();
  }

  async #refresh(): Promise<void> {
    await Promise.all(this.#dues.toLook().map((look) => this.#look(look)));
  }

  async #look(look: Look): Promise<void> {
    const { shard, written } = look;
    const set = this.#names.due(shard);
    const [first] = await this.#range(set, ["ZRANGE", set, "0", "0", "WITHSCORES"]);
    if (written < (this.#nextWritten[shard] ?? 0)) return;
    this.#nextWritten[shard] = written;
    this.#next[shard] = first?.score ?? Infinity;
    this.#dues.done(look);
  }

  async #range(set: string, command: string[]): Promise<Member[]> {
    const reply = await this.#link.command(set, command);
    if (!Array.isArray(reply)) return [];
    return (reply as [string, number | string][]).map(([member, score]) => ({ member, score: Number(score) }));
  }
}

interface Member {
  readonly member: string;
  readonly score: number;
}

function firstOf(found: readonly (Member & { readonly shard: Shard })[], limit: number): Found[] {
  return found
    .toSorted((a, b) => a.score - b.score)
    .slice(0, limit)
    .map(({ shard, member }) => ({ shard, key: keyOf(member) }));
}

// type NUL tenant NUL id
function keyOf(member: string): EntityKey {
  const [type = "", tenant = "", id = ""] = member.split("\0");
  return { type: type as EntityType, tenant, id };
}
