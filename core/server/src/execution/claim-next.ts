import { ExecutionServiceClaimNextResponse } from "@countersign/proto/node/core/v1/execution_service";
import { timestampOf } from "../delivery/timestamp.ts";
import type { CoreGiven } from "../given.ts";
import type { Send } from "../rpc/handler.ts";
import { shardOfTransaction, type HexId } from "../store/entity.ts";
import { Hints } from "../transaction/hints.ts";
import { letTimePass } from "../transaction/time.ts";
import { executionLane, transactionKey } from "../transaction/transaction-key.ts";
import type { Transaction } from "../transaction/transaction.ts";
import { claimedContent } from "./claimed-content.ts";

/** So many that wait are offered when a stream begins; what is confirmed later comes by itself. */
const MOST_WAITING = 10_000;

/** What another core confirmed comes by a hint, and hints may be lost: the lane is looked at so often besides. */
const LOOK_AGAIN_MS = 15_000;

/**
 * Offers what may be claimed: first what waits, and what this executor began and may have forgotten, then each as it is
 * confirmed, until the call is over. An offer takes nothing away, so it may come twice.
 */
export async function offerClaims(
  given: CoreGiven,
  executor: { readonly tenantId: HexId; readonly appId: HexId; readonly signal: AbortSignal },
  send: Send<ExecutionServiceClaimNextResponse>,
  lookAgainMs: number = LOOK_AGAIN_MS,
): Promise<void> {
  const hints = new Hints(given.store, "transaction");
  let lookAgain = false;
  const look = (): void => {
    lookAgain = true;
    hints.nudge();
  };
  const pulse = given.soleCore === true ? undefined : setInterval(look, lookAgainMs);
  try {
    const offered = new Map<HexId, number>();
    const offerWaiting = async (restarted: boolean): Promise<void> => {
      const waiting = await given.store.lane(executionLane(executor.tenantId), MOST_WAITING);
      for (const { key } of waiting) await offer(given, executor, key.id, offered, send, restarted);
    };
    await offerWaiting(true);
    for (;;) {
      const ids = await hints.next(executor.signal);
      if (ids === undefined) return;
      for (const id of ids) await offer(given, executor, id, offered, send, false);
      if (!lookAgain) continue;
      lookAgain = false;
      await offerWaiting(false);
    }
  } finally {
    clearInterval(pulse);
    hints.close();
  }
}

async function offer(
  given: CoreGiven,
  executor: { readonly tenantId: HexId; readonly appId: HexId; readonly signal: AbortSignal },
  txId: HexId,
  offered: Map<HexId, number>,
  send: Send<ExecutionServiceClaimNextResponse>,
  restarted: boolean,
): Promise<void> {
  if (executor.signal.aborted) return;
  const { entities, now } = await given.store.load(shardOfTransaction(txId), transactionKey(txId));
  const body = entities[0].body;
  if (body === undefined || body.tenantId !== executor.tenantId) return;
  const { transaction } = letTimePass(body, now);
  if (!isClaimable(transaction, executor.appId, restarted)) {
    offered.delete(txId);
    return;
  }
  if (offered.get(txId) === transaction.version) return;
  offered.set(txId, transaction.version);
  const claimBy = "claimBy" in transaction ? timestampOf(transaction.claimBy) : undefined;
  await send(ExecutionServiceClaimNextResponse.create({ offered: claimedContent(transaction), claimBy }));
}

function isClaimable(transaction: Transaction, appId: HexId, restarted: boolean): boolean {
  if (transaction.state === "CONFIRMED") return true;
  if (transaction.state !== "EXECUTING") return false;
  return transaction.lease.lapsed === true || (restarted && transaction.lease.appId === appId);
}
