import type { EntityKey, Shard } from "../entity.ts";
import { nameOf } from "../change-set.ts";

/** Names of everything the store keeps in Redis. All keys of a shard share its hash tag, so that one script may use them. */
export class KeyNames {
  readonly #prefix: string;

  /** `prefix` sets installations apart that share one server. */
  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  /** Format and key-check value. */
  get store(): string {
    return `${this.#prefix}:store`;
  }

  /** Which K_code has this number, by its id. */
  codeKey(number: number): string {
    return `${this.#prefix}:code-key:${number}`;
  }

  /** Where every commit is told. */
  get channel(): string {
    return `${this.#prefix}:commits`;
  }

  head(shard: Shard): string {
    return this.#in(shard, "head");
  }

  audit(shard: Shard): string {
    return this.#in(shard, "audit");
  }

  witness(shard: Shard): string {
    return this.#in(shard, "witness");
  }

  /** Holds nothing: it is written so that there is something to wait for. */
  held(shard: Shard): string {
    return this.#in(shard, "held");
  }

  change(shard: Shard, changeId: string): string {
    return this.#in(shard, `change:${changeId}`);
  }

  entity(shard: Shard, key: EntityKey): string {
    return this.#in(shard, `entity:${nameOf(key)}`);
  }

  list(shard: Shard, { type, tenant }: Pick<EntityKey, "type" | "tenant">, owner: string): string {
    return this.#in(shard, `list:${type}\0${tenant}\0${owner}`);
  }

  due(shard: Shard): string {
    return this.#in(shard, "due");
  }

  lane(shard: Shard, lane: string): string {
    return this.#in(shard, `lane:${lane}`);
  }

  #in(shard: Shard, name: string): string {
    return `${this.#prefix}:{${shard}}:${name}`;
  }
}
