import { Kind } from "@countersign/protocol";
import { Metadata, status, type ServiceError } from "@grpc/grpc-js";
import {
  ExecutionOutcome,
  ExecutionServiceBeginRequest,
  ExecutionServiceClaimNextRequest,
  ExecutionServiceClaimRequest,
  ExecutionServiceReportRequest,
  type ClaimedContent,
  type ExecutionServiceClient,
} from "@countersign/proto/node/core/v1/execution_service";
import type { Ledger } from "./ledger.ts";
import { orderOf, type Order } from "./order.ts";
import { unary } from "./unary.ts";

export interface ExecutorGiven {
  readonly client: ExecutionServiceClient;
  /** Bearer token of scope `execute`. */
  readonly metadata: Metadata;
  readonly ledger: Ledger;
  readonly log: (line: string) => void;
  /** Waits before the stream is opened again; injected so that tests need no time. */
  readonly pause: (ms: number) => Promise<void>;
}

/**
 * Takes every offer of the core and carries it out, until the signal aborts. The stream is opened again whenever it
 * breaks; what waited meanwhile is offered then, and an offer that comes twice is harmless.
 */
export async function runExecutor(given: ExecutorGiven, signal: AbortSignal): Promise<void> {
  for (let failures = 0; !signal.aborted; failures += 1) {
    const stream = given.client.claimNext(ExecutionServiceClaimNextRequest.create(), given.metadata);
    const cancel = (): void => stream.cancel();
    signal.addEventListener("abort", cancel);
    try {
      for await (const { offered } of stream as AsyncIterable<{ offered: ClaimedContent | undefined }>) {
        failures = 0;
        // Every executor of a tenant is offered everything: what is no payment is another one's to carry out.
        if (offered?.kind === Kind.PAY) await carryOut(offered, given);
      }
    } catch (error) {
      if (!signal.aborted) given.log(`stream ended: ${sentence(error)}; opening it again`);
    } finally {
      signal.removeEventListener("abort", cancel);
      stream.cancel();
    }
    if (!signal.aborted) await given.pause(Math.min(100 * 2 ** Math.min(failures, 6), 5_000));
  }
}

/** One transaction: check, claim by digest, check again what the claim returned, begin, book, report. */
async function carryOut(offered: ClaimedContent, given: ExecutorGiven): Promise<void> {
  const { transactionId } = offered;
  try {
    const offer = orderOf(offered); // what does not agree with itself is not even claimed
    const { claimed, fence } = await claim(offered, given);
    const order = orderOf(claimed);
    const earlier = "declined" in order ? undefined : bookedBefore(order, given.ledger);
    if ("declined" in order || "declined" in offer || earlier !== undefined) {
      const detail = "declined" in order ? order.declined : (earlier ?? "the claim differs from the offer");
      await begin(transactionId, fence, given);
      return await report(transactionId, fence, { outcome: ExecutionOutcome.FAILED, detail }, given);
    }
    await begin(transactionId, fence, given);
    const booked = given.ledger.book(transactionId, order.userId, order.bookings, order.fileDigest);
    await report(transactionId, fence, { outcome: ExecutionOutcome.EXECUTED, detail: booked }, given);
    given.log(`${transactionId} executed, ${order.bookings.length} payments, ${booked}`);
  } catch (error) {
    // Nothing is lost: what was begun is claimed again under the same claim_id, and the ledger knows what is booked.
    given.log(`${transactionId} not carried out: ${sentence(error)}`);
    if (isOutage(error)) throw error;
  }
}

/**
 * Why this file is not booked: it is booked already, by whomever and however long ago, and nobody confirmed that it is meant
 * twice. The core's own guard knows one user and one day.
 */
function bookedBefore({ transactionId, fileDigest, isRepeat }: Order, ledger: Ledger): string | undefined {
  const earlier = isRepeat ? undefined : ledger.earlierOf(fileDigest, transactionId);
  if (earlier === undefined) return undefined;
  return `this file is booked already, ${earlier.reference}; if it is meant twice: --repeat ${earlier.transactionId}`;
}

async function claim(
  { transactionId, txDigest }: ClaimedContent,
  { client, metadata }: ExecutorGiven,
): Promise<{ claimed: ClaimedContent; fence: bigint }> {
  const request = ExecutionServiceClaimRequest.create({
    transactionId,
    claimId: `bank-${transactionId}`, // the same after a restart: the same lease then
    txDigest,
    lease: { seconds: 60n, nanos: 0 },
    idempotent: true, // the ledger books a transaction once, however often it is told
  });
  const { claimed, lease } = await unary(client.claim.bind(client), request, metadata);
  if (claimed?.transactionId !== transactionId || lease === undefined)
    throw new Error("the claim is of another transaction");
  return { claimed, fence: lease.fence };
}

async function begin(transactionId: string, fence: bigint, { client, metadata }: ExecutorGiven): Promise<void> {
  await unary(client.begin.bind(client), ExecutionServiceBeginRequest.create({ transactionId, fence }), metadata);
}

async function report(
  transactionId: string,
  fence: bigint,
  result: { readonly outcome: ExecutionOutcome; readonly detail: string },
  { client, metadata }: ExecutorGiven,
): Promise<void> {
  const request = ExecutionServiceReportRequest.create({ transactionId, fence, ...result });
  await unary(client.report.bind(client), request, metadata);
}

function isOutage(error: unknown): boolean {
  const code = (error as Partial<ServiceError>).code;
  return code === status.UNAVAILABLE || code === status.DEADLINE_EXCEEDED || code === status.UNAUTHENTICATED;
}

function sentence(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
