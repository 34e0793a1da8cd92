import {
  ExecutionOutcome,
  ExecutionServiceBeginResponse,
  ExecutionServiceClaimResponse,
  ExecutionServiceRenewResponse,
  ExecutionServiceReportResponse,
  ExecutionServiceResolveResponse,
  ExecutionServiceService,
  type ExecutionServiceClaimRequest,
  type ExecutionServiceServer,
} from "@countersign/proto/node/core/v1/execution_service";
import { State } from "@countersign/proto/node/core/v1/content";
import type { Duration } from "@countersign/proto/google/protobuf/duration";
import type { Timestamp } from "@countersign/proto/google/protobuf/timestamp";
import { timestampOf } from "../delivery/timestamp.ts";
import type { CoreGiven } from "../given.ts";
import { executeApp, serverStream, unary, type Call } from "../rpc/handler.ts";
import { actorOf, type Caller } from "../rpc/caller.ts";
import { badInput, isRefusal, type Refusal } from "../rpc/refusal.ts";
import type { Service } from "../rpc/server.ts";
import type { HexId } from "../store/entity.ts";
import type { TransactionEvent } from "../transaction/event.ts";
import { happen } from "../transaction/happen.ts";
import { ownTransaction } from "../transaction/own-transaction.ts";
import { millisecondsOf } from "../transaction/read-create.ts";
import { checkDetail } from "../transaction/check-detail.ts";
import type { Transaction } from "../transaction/transaction.ts";
import { offerClaims } from "./claim-next.ts";
import { claimedContent } from "./claimed-content.ts";

const DEFAULT_LEASE_MS = 60_000;
const SHORTEST_LEASE_MS = 1000;
const LONGEST_LEASE_MS = 600_000;

/** Lets the relying party carry out what was confirmed, once. */
export function executionService(given: CoreGiven): Service {
  const implementation: ExecutionServiceServer = {
    claim: unary(given, executeApp, (request, call) => claim(given, request, call)),
    claimNext: serverStream(given, executeApp, (_request, { caller, signal }, send) =>
      offerClaims(given, { ...executorOf(caller), signal }, send),
    ),
    begin: unary(given, executeApp, async (request, call) => {
      const after = await under(given, call, request, (fence, appId) => ({ type: "begun", appId, fence }));
      return isRefusal(after) ? after : ExecutionServiceBeginResponse.create({ lease: leaseOf(after) });
    }),
    renew: unary(given, executeApp, async (request, call) => {
      const leaseMs = readLease(request.lease);
      if (isRefusal(leaseMs)) return leaseMs;
      const after = await under(given, call, request, (fence, appId) => ({ type: "renewed", appId, fence, leaseMs }));
      return isRefusal(after) ? after : ExecutionServiceRenewResponse.create({ lease: leaseOf(after) });
    }),
    report: unary(given, executeApp, async (request, call) => {
      const outcome = readOutcome(request.outcome);
      if (isRefusal(outcome)) return outcome;
      const { detail } = request;
      const unsafe = checkDetail(detail, "detail");
      if (unsafe !== undefined) return unsafe;
      const after = await under(given, call, request, (fence, appId) => ({
        ...{ type: "reported", appId, fence, outcome, detail },
      }));
      return isRefusal(after) ? after : ExecutionServiceReportResponse.create({ state: State[after.state] });
    }),
    resolve: unary(given, executeApp, async ({ transactionId, outcome: asked, detail }, { caller }) => {
      const outcome = readOutcome(asked);
      if (isRefusal(outcome)) return outcome;
      const unsafe = checkDetail(detail, "detail");
      if (unsafe !== undefined) return unsafe;
      const after = await happenTo(given, caller, transactionId, { type: "resolved", outcome, detail });
      return isRefusal(after) ? after : ExecutionServiceResolveResponse.create({ state: State[after.state] });
    }),
  };
  return { definition: ExecutionServiceService, implementation };
}

async function claim(
  given: CoreGiven,
  request: ExecutionServiceClaimRequest,
  { caller }: Call,
): Promise<ExecutionServiceClaimResponse | Refusal> {
  const { claimId, txDigest, idempotent } = request;
  if (!/^[!-~](?:[ -~]{0,253}[!-~])?$/.test(claimId)) {
    return badInput("claim_id", "must be 1 to 255 printable ASCII characters");
  }
  if (txDigest.length !== 32) return badInput("tx_digest", "must be 32 bytes");
  const leaseMs = readLease(request.lease);
  if (isRefusal(leaseMs)) return leaseMs;
  const after = await happenTo(given, caller, request.transactionId, {
    ...{ type: "claimed", claimId, leaseMs, idempotent },
    appId: executorOf(caller).appId,
    txDigest: new Uint8Array(txDigest),
  });
  if (isRefusal(after)) return after;
  return ExecutionServiceClaimResponse.create({ lease: leaseOf(after), claimed: claimedContent(after) });
}

/** What happens under a fence. A fence beyond 2^53 was never given out, and reads as one of those. */
async function under(
  given: CoreGiven,
  { caller }: Call,
  request: { readonly transactionId: string; readonly fence: bigint },
  event: (fence: number, appId: HexId) => TransactionEvent,
): Promise<Transaction | Refusal> {
  const fence = Number(request.fence);
  return happenTo(given, caller, request.transactionId, event(fence, executorOf(caller).appId));
}

async function happenTo(
  given: CoreGiven,
  caller: Caller,
  txId: HexId,
  event: TransactionEvent,
): Promise<Transaction | Refusal> {
  const found = await ownTransaction(given, caller, txId);
  return isRefusal(found) ? found : happen(given, found.txId, event, actorOf(caller));
}

function leaseOf(transaction: Transaction): { fence: bigint; until: Timestamp } | undefined {
  if (!("lease" in transaction)) return undefined;
  return { fence: BigInt(transaction.lease.fence), until: timestampOf(transaction.lease.until) };
}

function readLease(lease: Duration | undefined): number | Refusal {
  if (lease === undefined) return DEFAULT_LEASE_MS;
  const ms = millisecondsOf(lease, "lease");
  if (isRefusal(ms) || (ms >= SHORTEST_LEASE_MS && ms <= LONGEST_LEASE_MS)) return ms;
  return badInput("lease", "must be 1 to 600 s");
}

function readOutcome(outcome: number): "EXECUTED" | "EXECUTION_FAILED" | Refusal {
  if (outcome === ExecutionOutcome.EXECUTED) return "EXECUTED";
  if (outcome === ExecutionOutcome.FAILED) return "EXECUTION_FAILED";
  return badInput("outcome", "must be EXECUTED or FAILED");
}

function executorOf(caller: Caller): { readonly tenantId: HexId; readonly appId: HexId } {
  if (caller.kind === "app") return caller;
  throw new Error(`only apps get here, not ${caller.kind}`);
}
