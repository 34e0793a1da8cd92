// The relying party's side of execution: claim, begin, the effect itself, report; it dies anywhere in between.
import { isRefusal } from "../../core/server/src/rpc/refusal.ts";
import type { HexId } from "../../core/server/src/store/entity.ts";
import type { TransactionEvent } from "../../core/server/src/transaction/event.ts";
import type { Transaction } from "../../core/server/src/transaction/transaction.ts";
import type { Calls } from "./calls.ts";
import type { Monitor } from "./monitor.ts";
import { LOST, type Network } from "./network.ts";
import type { Scheduler } from "./scheduler.ts";

export interface ExecutorOptions {
  readonly name: string;
  readonly core: number;
  readonly txId: HexId;
  readonly txDigest: Uint8Array;
  readonly appId: HexId;
  /** Whether its ledger takes one transaction id once. */
  readonly idempotent: boolean;
  readonly claimId: string;
  readonly network: Network;
  readonly scheduler: Scheduler;
  readonly monitor: Monitor;
  readonly calls: Calls;
}

const LEASE_MS = 60_000;
/** So often it asks again, another core each time, before it gives up. */
const TRIES = 3;

/** One life of an executor. It acts on what it was told alone. */
export async function execute(of: ExecutorOptions): Promise<void> {
  const { txId, txDigest, appId, claimId, idempotent, monitor } = of;
  const claimed = await ask(of, { type: "claimed", claimId, appId, txDigest, leaseMs: LEASE_MS, idempotent });
  if (claimed === undefined || claimed.state !== "EXECUTING") return;
  const { fence } = claimed.lease;
  const begun = await ask(of, { type: "begun", appId, fence });
  if (begun === undefined) return;
  // Under one claim_id it may have been here before and died: what cannot be repeated is left to a person.
  if (!idempotent && monitor.attempted(txId, claimId)) return;
  await moment(of, "acts");
  monitor.effect(txId, idempotent);
  await ask(of, { type: "reported", appId, fence, outcome: "EXECUTED", detail: "" });
}

async function ask(of: ExecutorOptions, event: TransactionEvent): Promise<Transaction | undefined> {
  const { network, name, core, txId, appId, calls, monitor } = of;
  for (let i = 0; i < TRIES; i++) {
    const answer = await network.call(name, (core + i) % 2, `${event.type} ${txId}`, async (given) => {
      const after = await calls.happen(given, txId, event, `app:${appId}`);
      if (!isRefusal(after)) promise(monitor, after, event);
      return after;
    });
    if (answer === LOST) continue;
    return isRefusal(answer) ? undefined : answer;
  }
  return undefined;
}

/** What the answer says is so for good. */
function promise(monitor: Monitor, { txId }: Transaction, event: TransactionEvent): void {
  if (event.type === "claimed") {
    monitor.promise(txId, `claimed by ${event.claimId}`, ({ bodies }) =>
      bodies.some((body) => "lease" in body && body.lease.claimId === event.claimId),
    );
  }
  if (event.type === "begun") {
    monitor.promise(txId, `begun under fence ${event.fence}`, ({ bodies }) =>
      bodies.some((body) => body.state === "EXECUTING" && body.begun && body.lease.fence === event.fence),
    );
  }
  if (event.type === "reported") {
    monitor.promise(txId, "reported", ({ bodies }) => bodies.at(-1)?.state === event.outcome);
  }
}

function moment({ scheduler, name, txId }: ExecutorOptions, what: string): Promise<void> {
  return new Promise((resolve) => scheduler.add(name, `${what} ${txId}`, () => resolve()));
}
