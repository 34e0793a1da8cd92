// Bugs that a simulation has to find. None of them touches the core: each is a store, an end of it, or a call that is
// nearly right.
import { codeOf } from "../../core/server/src/code/derive.ts";
import type { BotLease } from "../../core/server/src/channel/bot-lease.ts";
import type { Key } from "../../core/server/src/identity/key.ts";
import type { User } from "../../core/server/src/identity/user.ts";
import { refuse } from "../../core/server/src/rpc/refusal.ts";
import type { EntityKey, EntityType } from "../../core/server/src/store/entity.ts";
import type { Transaction } from "../../core/server/src/transaction/transaction.ts";
import type { Judged } from "../../core/server/src/verification/judged.ts";
import { SECRETS, SERVER_ID } from "./people.ts";
import type { Plant } from "./plant.ts";
import { PLANTED_TOGETHER } from "./planted-together.ts";
import { bodies, but, ended, forgetting, isEvent, showing } from "./planting.ts";

const without =
  (type: EntityType): ((key: EntityKey) => boolean) =>
  (key) =>
    key.type !== type;

export const PLANTED: readonly Plant[] = [
  { name: "no version is compared", rules: { compares: () => false } },
  { name: "a transaction's version is not compared", rules: { compares: without("transaction") } },
  { name: "a verdict's version is not compared", rules: { compares: without("judged") } },
  { name: "a user's version is not compared", rules: { compares: without("user") } },
  { name: "a key's version is not compared", rules: { compares: without("key") } },
  { name: "a request's version is not compared", rules: { compares: without("request") } },
  { name: "the versions of equal content are not compared", rules: { compares: without("content") } },
  { name: "the epoch is ignored in the commit", rules: { comparesEpoch: false } },
  { name: "a failover is not counted", rules: { countsEpochs: false } },
  { name: "expiry is decided outside the commit", rules: { comparesTime: false } },
  { name: "a change set is written in part", rules: { atomic: false } },
  { name: "readers see what no replica has", rules: { showsDurable: false } },
  { name: "committed is said before a replica has it", rules: { waits: false } },
  { name: "the outcome is always absent", rules: { outcomeTells: "absent" } },
  { name: "the outcome is always committed", rules: { outcomeTells: "committed" } },
  {
    name: "a failover is not counted, and readers see what no replica has",
    rules: { countsEpochs: false, showsDurable: false },
  },
  {
    name: "the versions of equal content and of its user are not compared",
    rules: { compares: ({ type }) => type !== "content" && type !== "user" },
  },
  {
    name: "unknown is taken for committed",
    store: (real) =>
      ended(real, {
        commit: async (shard, change) => {
          const outcome = await real.commit(shard, change);
          return outcome === "unknown" ? "committed" : outcome;
        },
      }),
  },
  {
    name: "late is taken for committed",
    store: (real) =>
      ended(real, {
        commit: async (shard, change) => {
          const outcome = await real.commit(shard, change);
          return outcome === "late" ? "committed" : outcome;
        },
      }),
  },
  { name: "the try is counted and not saved", ...forgetting((change) => isEvent(change, "statement.counted")) },
  {
    name: "the try is given back",
    ...bodies<Transaction>("transaction", (body, change) =>
      isEvent(change, "statement.counted") ? but(body, { triesLeft: body.policy.tries }) : body,
    ),
  },
  {
    name: "the verdict is not saved",
    ...bodies<Judged>("judged", (body) => (body.verdict === undefined ? body : undefined)),
  },
  {
    name: "a statement is not marked as being compared",
    ...bodies<Judged>("judged", (body) => (body.verdict === undefined ? undefined : body)),
  },
  {
    name: "the key's counter is not kept",
    ...bodies<Key>("key", (body) => ({ ...body, counter: { highest: 0, seen: 0n } })),
  },
  {
    name: "the lease has no fence",
    ...bodies<Transaction>("transaction", (body) =>
      body.state === "EXECUTING" ? but(body, { lease: { ...body.lease, fence: 1 } }) : body,
    ),
  },
  { name: "Begin is not durable", ...forgetting((change) => isEvent(change, "execution.begun")) },
  {
    name: "that it was begun is forgotten",
    ...bodies<Transaction>("transaction", (body) => (body.state === "EXECUTING" ? but(body, { begun: false }) : body)),
  },
  {
    name: "every executor passes for idempotent",
    ...bodies<Transaction>("transaction", (body) =>
      body.state === "EXECUTING" ? but(body, { lease: { ...body.lease, idempotent: true } }) : body,
    ),
    calls: (real) => ({
      happen: (given, txId, event, actor) =>
        real.happen(given, txId, event.type === "claimed" ? { ...event, idempotent: true } : event, actor),
    }),
  },
  { name: "the report is not durable", ...forgetting((change) => isEvent(change, "execution.reported")) },
  {
    name: "a new issue leaves the old code",
    ...bodies<Transaction>("transaction", (body) =>
      body.superseded.length > 0 ? but(body, { issue: body.superseded[0] as Transaction["issue"] }) : body,
    ),
  },
  {
    name: "the code is stored",
    ...bodies<Transaction>("transaction", (body) => but(body, { code: storedCode(body) })),
  },
  {
    name: "tenants are not told apart",
    calls: (real) => ({ submit: (given, ask) => real.submit(given, { ...ask, tenantId: undefined }) }),
  },
  {
    name: "a revoked key is taken for active",
    ...showing((one) =>
      one.key.type === "key" && one.body !== undefined
        ? ({ ...one, body: { ...one.body, state: "ACTIVE" } } as never)
        : one,
    ),
  },
  {
    name: "a frozen user is taken for active",
    ...showing((one) =>
      one.key.type === "user" && one.body !== undefined
        ? ({ ...one, body: { ...one.body, state: "ACTIVE" } } as never)
        : one,
    ),
  },
  { name: "wrong codes in a row are not counted", ...bodies<User>("user", (body) => ({ ...body, wrongInARow: 0 })) },
  {
    name: "open transactions are not counted",
    ...bodies<User>("user", (body) => ({ ...body, open: [], prompts: [] })),
  },
  { name: "equal content is forgotten", ...bodies<object>("content", () => ({ txIds: [] })) },
  { name: "requests are not remembered", ...forgetting((change) => isEvent(change, "request.reserved")) },
  {
    name: "a veto is answered and not written",
    ...forgetting((change) => isEvent(change, "transaction.rejected", "transaction.vetoed")),
  },
  {
    name: "who ended is shown as PENDING",
    ...showing((one) => {
      const body = one.body as Transaction | undefined;
      if (one.key.type !== "transaction" || body === undefined || !ENDED.has(body.state)) return one;
      return { ...one, body: but(body, { state: "PENDING" }) };
    }),
  },
  {
    name: "what was tampered with is a wrong code",
    calls: (real) => ({
      submit: async (given, ask) => {
        const answer = await real.submit(given, ask);
        return "refused" in answer && answer.refused === "TAMPERED"
          ? refuse("WRONG_CODE", "The code is wrong.")
          : answer;
      },
    }),
  },
  {
    name: "a bot's old fence is let in",
    rules: { compares: without("bot-lease") },
    ...showing((one) => (one.key.type === "bot-lease" && one.key.id.includes("@") ? { ...one, body: undefined } : one)),
  },
  { name: "what another wrote into a row is believed", rules: { believes: (how) => how === "better" } },
  { name: "an older row is believed", rules: { believes: (how) => how === "older" } },
  { name: "a row under another's name is believed", rules: { believes: (how) => how === "other" } },
  { name: "a row that is gone was never there", rules: { believes: (how) => how === "gone" } },
  { name: "THAWs are not counted", ...bodies<User>("user", (body) => ({ ...body, thaw: undefined, thaws: [] })) },
  {
    name: "who asks for a THAW is free",
    ...bodies<User>("user", (body, change) =>
      isEvent(change, "transaction.created") ? { ...body, state: "ACTIVE" } : body,
    ),
  },
  { name: "a bot's holder hands out after its lease", heldUntil: () => Number.MAX_SAFE_INTEGER },
  {
    name: "the next holder of a bot has the fence of the last",
    ...bodies<BotLease>("bot-lease", (body) => ({ ...body, fence: 1 })),
  },
  {
    name: "a bot's lease is taken while another holds it",
    ...showing((one) =>
      one.key.type === "bot-lease" && one.body !== undefined ? { ...one, body: { ...one.body, until: 0 } } : one,
    ),
  },
  {
    name: "each core goes by a clock of its own",
    store: (real) =>
      ended(real, {
        load: (async (shard: number, ...keys: EntityKey[]) => ({
          ...(await real.load(shard, ...keys)),
          now: real.now(),
        })) as never,
        commit: (shard, { notBefore: _before, notAfter: _after, ...change }) => real.commit(shard, change),
      }),
  },
  ...PLANTED_TOGETHER,
];

/** No seed of thousands finds these, and why nothing comes of them. */
export const MASKED: ReadonlyMap<string, string> = new Map([
  ["the versions of equal content are not compared", "the same commits compare their user's version"],
  [
    "a failover is not counted",
    "what a failover takes back was shown to nobody, so no version is met again with another body",
  ],
  [
    "an approver's no is told to nobody",
    "whoever counts a yes looks at all who were asked; without another yes it ends by its time",
  ],
  ["the outcome is always absent", "every step is harmless when it is taken again, so nothing comes of it but work"],
]);

const ENDED: ReadonlySet<string> = new Set(["REJECTED", "CANCELLED", "EXPIRED"]);

function storedCode(body: Transaction): string {
  return codeOf({ serverId: SERVER_ID, secrets: SECRETS } as never, body, body.issue).reveal();
}
