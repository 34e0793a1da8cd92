// Bugs where several people confirm: whose yes is counted, and whose no is heard.
import type { User } from "../../core/server/src/identity/user.ts";
import type { EntityKey, EntityType } from "../../core/server/src/store/entity.ts";
import type { AnyWrite, LoadedEntity } from "../../core/server/src/store/store.ts";
import type { Approval, Transaction } from "../../core/server/src/transaction/transaction.ts";
import type { Plant } from "./plant.ts";
import { bodies, but, ended } from "./planting.ts";

/** As the core writes it once there are enough, with these approvals. */
function confirmed(of: Transaction, approvals: readonly Approval[]): Transaction {
  return but(of, { state: "CONFIRMED", claimBy: of.createdAt + CLAIM_MS, lapsed: undefined, approvals });
}

/** Replaces a transaction that waits and has one approval. */
function withOne(alter: (body: Transaction, one: Approval) => Transaction): Pick<Plant, "store"> {
  return bodies<Transaction>("transaction", (body) => {
    const [one, ...others] = body.state === "PARTIAL" ? (body.approvals ?? []) : [];
    return one === undefined || others.length > 0 ? body : alter(body, one);
  });
}

export const PLANTED_TOGETHER: readonly Plant[] = [
  { together: true, name: "one approver is enough", ...withOne((body, one) => confirmed(body, [one])) },
  { together: true, name: "one person's yes counts twice", ...withOne((body, one) => confirmed(body, [one, one])) },
  {
    ...{ together: true, name: "who asks counts as an approver" },
    ...withOne((body, one) => confirmed(body, [one, { ...one, userId: body.userId, txId: body.txId }])),
  },
  {
    ...{ together: true, name: "whoever asks needs nobody" },
    ...bodies<Transaction>("transaction", (body) => (body.state === "PARTIAL" ? confirmed(body, []) : body)),
  },
  {
    ...{ together: true, name: "an approval can be claimed" },
    ...bodies<Transaction>("transaction", (body) =>
      body.state === "APPROVED" ? confirmed(body, body.approvals ?? []) : body,
    ),
  },
  {
    ...{ together: true, name: "a no after a yes is answered and not written" },
    ...bodies<Transaction>("transaction", (body) =>
      body.state === "APPROVED" ? but(body, { lateVeto: undefined }) : body,
    ),
    calls: () => ({ decide: async (_given, of) => of }),
  },
  {
    ...{ together: true, name: "an approver's no is told to nobody" },
    ...bodies<object>("outbox", (body, change) => (change.writes.some(saysNo) ? undefined : body)),
    calls: () => ({ decide: async (_given, of) => of }),
  },
  {
    ...{ together: true, name: "who has approved is not looked at anew" },
    store: (real) =>
      ended(real, {
        load: (async (shard: number, ...keys: EntityKey[]) => {
          const loaded = await real.load(shard, ...keys);
          const isOfOne = keys.map(({ type }) => type).join() === "user,key,transaction";
          return isOfOne ? { ...loaded, entities: loaded.entities.map(inGoodStanding) } : loaded;
        }) as never,
      }),
  },
];

const CLAIM_MS = 600_000;

function saysNo({ body }: AnyWrite): boolean {
  const { approves, state, lateVeto } = (body ?? {}) as Partial<Transaction> & { readonly lateVeto?: unknown };
  return approves !== undefined && (state === "REJECTED" || state === "TAMPERED" || lateVeto !== undefined);
}

function inGoodStanding(one: LoadedEntity<EntityType>): LoadedEntity<EntityType> {
  if (one.body === undefined) return one;
  const { stoppedAt: _none, ...body } = one.body as User;
  return { ...one, body: one.key.type === "transaction" ? one.body : ({ ...body, state: "ACTIVE" } as never) };
}
