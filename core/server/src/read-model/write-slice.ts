import type { AuditDraft, AuditEntry } from "../store/store.ts";
import { changeRow, deliveryRow, transactionRow, type IndexedEntity } from "./entity-row.ts";
import type { Gathered } from "./gather.ts";
import type { IndexFile } from "./index-file.ts";
import type { IndexStatements } from "./index-schema.ts";
import { eventPlace } from "./row-place.ts";
import { countsOfDelivery, countsOfTransaction, difference, type Count } from "./tally.ts";
import { Words } from "./words.ts";

/** Writes slices into one file. */
export class SliceWriter {
  readonly #sql: IndexStatements;
  readonly words: Words;

  constructor({ sql }: IndexFile) {
    this.#sql = sql;
    this.words = new Words(sql);
  }

  /** What throws leaves half of it: the file is worth nothing then. */
  write(slice: readonly Gathered[]): void {
    this.#sql.begin.run();
    for (const { shard, entries, entities } of slice) {
      for (const entry of entries) this.#event(entry);
      for (const entity of entities) this.#entity(entity);
      const last = entries.at(-1);
      if (last !== undefined) this.#sql.putCursor.run(shard, last.seq, last.hash);
    }
    this.#sql.commit.run();
  }

  #event({ shard, seq, at, events }: AuditEntry): void {
    for (const [nth, one] of events.entries()) {
      const rest = [
        shard,
        seq,
        nth,
        ...[one.tenant, one.event, one.actor, one.subject, reasonOf(one)].map((text) => this.words.numberOf(text)),
      ];
      let place = eventPlace(at, shard, seq, nth);
      while (this.#sql.putEvent.run(place, ...rest).changes === 0) place += 1n;
    }
  }

  #entity(entity: IndexedEntity): void {
    switch (entity.key.type) {
      case "transaction":
        return this.#transaction(transactionRow(entity.body as Body<"transaction">));
      case "delivery":
        return this.#delivery(entity.key.id, deliveryRow(entity.body as Body<"delivery">));
      case "user": {
        const { tenantId, userId, state } = entity.body as Body<"user">;
        this.#sql.putUser.run(this.words.numberOf(tenantId), userId, state);
        return;
      }
      case "change": {
        const { tenantId, state, until } = changeRow(entity.body as Body<"change">);
        this.#sql.putChange.run(entity.key.id, this.words.numberOf(tenantId), state, until);
        return;
      }
      case "app":
      case "bot": {
        const { tenantId } = entity.body as Body<"app" | "bot">;
        this.#sql.putProgram.run(this.words.numberOf(tenantId), entity.key.type, entity.key.id);
      }
    }
  }

  #transaction(row: ReturnType<typeof transactionRow>): void {
    const tenant = this.words.numberOf(row.tenantId);
    const { state, outcome = null, ended = null, confirm = null } = row;
    const held = this.#sql.tx.get(row.txId);
    let before: Count[] = [];
    if (held === undefined) {
      const rest = [row.txId, tenant, row.userId, row.kind, row.tag, state, outcome, ended, confirm];
      let { place } = row;
      while (this.#sql.putTx.run(place, ...rest).changes === 0) place += 1n;
    } else {
      before = countsOfTransaction({
        state: String(held["state"]),
        outcome: textOf(held["outcome"]),
        ended: numberOf(held["ended"]),
        confirm: numberOf(held["confirm"]),
      });
      this.#sql.setTx.run(state, outcome, ended, confirm, held["place"] as bigint);
    }
    this.#count(tenant, before, countsOfTransaction(row));
  }

  #delivery(id: string, row: ReturnType<typeof deliveryRow>): void {
    if (row === undefined) return;
    const tenant = this.words.numberOf(row.tenantId);
    const held = this.#sql.delivery.get(id);
    // Its first showing stays: the entity forgets old events.
    const sent = numberOf(held?.["sent"]) ?? row.sent;
    const ended = held !== undefined && held["sent"] !== null ? numberOf(held["ended"]) : row.ended;
    const { platform, state, until } = row;
    const counted = { platform, state, ended, sent };
    this.#sql.putDelivery.run(id, tenant, row.txId, platform, state, until, ended ?? null, sent ?? null);
    const before =
      held === undefined
        ? []
        : countsOfDelivery({
            platform,
            state: String(held["state"]),
            ended: numberOf(held["ended"]),
            sent: numberOf(held["sent"]),
          });
    this.#count(tenant, before, countsOfDelivery(counted));
  }

  #count(tenant: number, before: readonly Count[], after: readonly Count[]): void {
    for (const [minute, what, n] of difference(before, after)) this.#sql.count.run(tenant, minute, what, n);
  }
}

type Body<T extends IndexedEntity["key"]["type"]> = Extract<
  IndexedEntity,
  { readonly key: { readonly type: T } }
>["body"];

const LONGEST_REASON = 64;

/** What a search by text finds besides who and what. */
function reasonOf({ detail }: AuditDraft): string {
  const reason = detail["reason"];
  return typeof reason === "string" && reason.length <= LONGEST_REASON ? reason : "";
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function numberOf(value: unknown): number | undefined {
  return typeof value === "number" || typeof value === "bigint" ? Number(value) : undefined;
}
