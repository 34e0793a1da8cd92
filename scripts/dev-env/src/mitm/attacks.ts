// What malware on the PC does, by the names that `scripts/demo --attack` takes. Each attack sits on the connections
// client ↔ core and client ↔ daemon, where it may read, change, repeat, swallow and forge whatever passes.
import { State } from "@countersign/proto/node/core/v1/content";
import type { SignRequest } from "@countersign/proto/node/device/v1/device_service";
import type {
  Transaction,
  TransactionServiceCreateRequest,
  TransactionServiceCreateResponse,
  TransactionServiceGetResponse,
} from "@countersign/proto/node/core/v1/transaction_service";
import type { VerificationServiceSubmitStatementRequest } from "@countersign/proto/node/core/v1/verification_service";
import { alterContent, alterRequest, pretend } from "./alter.ts";
import { forgedRefusal } from "./forged-failure.ts";
import { forgedReceipt } from "./forged-receipt.ts";
import { garbageOf } from "./garbage.ts";
import type { Forward, PassingCall, Tamper } from "./proxy.ts";

export const ATTACKS = [
  "alter-tx2",
  "alter-tx3",
  "alter-both",
  "wrong-code",
  "swap-codes",
  "replay-statement",
  "garbage-signatures",
  "forged-success",
  "withheld-statement",
] as const;
export type Attack = (typeof ATTACKS)[number];

/** The malware's two hands, and what it kept. */
export interface Malware {
  readonly toCore: Tamper;
  readonly toDaemon: Tamper;
  /** Statements it swallowed, to be submitted later. */
  readonly kept: VerificationServiceSubmitStatementRequest[];
}

const CREATE = "/countersign.core.v1.TransactionService/Create";
const GET = "/countersign.core.v1.TransactionService/Get";
const WATCH = "/countersign.core.v1.TransactionService/Watch";
export const SUBMIT = "/countersign.core.v1.VerificationService/SubmitStatement";
const RECEIPT = "/countersign.core.v1.ReceiptService/Get";
const SIGN = "/countersign.device.v1.DeviceService/Sign";

const pass: Tamper = (call, forward) => forward(call.request);

/** The malware of one attack; without a name, a PC that is clean. `wrong-code` and `swap-codes` happen to the user, not here. */
export function malwareOf(attack: Attack | undefined): Malware {
  const kept: VerificationServiceSubmitStatementRequest[] = [];
  switch (attack) {
    case "alter-tx2":
      return { toCore: pass, toDaemon: changingKeyRequest, kept };
    case "alter-tx3":
      return { toCore: changingCreate(), toDaemon: pass, kept };
    case "alter-both":
      return { toCore: changingCreate(), toDaemon: changingKeyRequest, kept };
    case "replay-statement":
      return { toCore: replaying, toDaemon: pass, kept };
    case "garbage-signatures":
      return { toCore: sendingGarbage, toDaemon: pass, kept };
    case "forged-success":
      return { toCore: forgingSuccess(), toDaemon: pass, kept };
    case "withheld-statement":
      return { toCore: withholding(kept), toDaemon: pass, kept };
    case "wrong-code":
    case "swap-codes":
    case undefined:
      return { toCore: pass, toDaemon: pass, kept };
  }
}

async function* changingKeyRequest(call: PassingCall, forward: Forward): AsyncGenerator {
  if (call.method !== SIGN) return yield* forward(call.request);
  const request = call.request as SignRequest;
  yield* forward({ ...request, content: Buffer.from(alterContent(request.content)) });
}

/** Sends another transaction to the core and shows the client what it expects to see. */
function changingCreate(): Tamper {
  const meant = new Map<string, TransactionServiceCreateRequest>();
  const shown = (transaction: Transaction | undefined): Transaction | undefined => {
    const original = meant.get(transaction?.transactionId ?? "");
    return transaction === undefined || original === undefined ? transaction : pretend(transaction, original);
  };
  return async function* (call, forward) {
    if (call.method === CREATE) {
      const original = call.request as TransactionServiceCreateRequest;
      for await (const answer of forward(alterRequest(original))) {
        const response = answer as TransactionServiceCreateResponse;
        meant.set(response.transaction?.transactionId ?? "", original);
        yield { ...response, transaction: shown(response.transaction) };
      }
    } else if (call.method === GET || call.method === WATCH) {
      for await (const answer of forward(call.request)) {
        const response = answer as TransactionServiceGetResponse;
        yield { ...response, transaction: shown(response.transaction) };
      }
    } else yield* forward(call.request);
  };
}

async function* replaying(call: PassingCall, forward: Forward): AsyncGenerator {
  yield* forward(call.request);
  if (call.method !== SUBMIT) return;
  for (let again = 0; again < 5; again += 1) await swallowed(forward(call.request));
}

async function* sendingGarbage(call: PassingCall, forward: Forward): AsyncGenerator {
  if (call.method === SUBMIT) {
    const request = call.request as VerificationServiceSubmitStatementRequest;
    for (const signedStatement of garbageOf(request.signedStatement))
      await swallowed(forward({ ...request, signedStatement }));
  }
  yield* forward(call.request);
}

/** Swallows the statement and tells the client that all went well, with a receipt made up on the PC. */
function forgingSuccess(): Tamper {
  let latest: Transaction | undefined;
  const caught = Promise.withResolvers<Uint8Array>();
  let statement: Uint8Array | undefined;
  const lie = (state: State): Transaction | undefined =>
    latest === undefined
      ? undefined
      : { ...latest, state, outcomeDetail: "booked", version: latest.version + BigInt(state) };
  async function* truth(call: PassingCall, forward: Forward): AsyncGenerator {
    for await (const answer of forward(call.request)) {
      latest = (answer as { transaction?: Transaction }).transaction ?? latest;
      yield answer;
    }
  }
  return async function* (call, forward) {
    if (call.method === SUBMIT) {
      statement = (call.request as VerificationServiceSubmitStatementRequest).signedStatement;
      caught.resolve(statement);
      yield { transaction: lie(State.CONFIRMED) };
    } else if (call.method === WATCH) {
      yield* until(caught.promise, truth(call, forward));
      yield { transaction: lie(State.EXECUTED), cursor: "forged" };
    } else if (statement === undefined || ![RECEIPT, GET].includes(call.method)) yield* truth(call, forward);
    else if (call.method === GET) yield { transaction: lie(State.EXECUTED) };
    else yield { receipt: latest === undefined ? Buffer.alloc(0) : Buffer.from(forgedReceipt(latest, statement)) };
  };
}

/** Passes a stream until something happens. */
async function* until(event: Promise<unknown>, stream: AsyncGenerator): AsyncGenerator {
  const happened = event.then(() => undefined);
  for (;;) {
    const next = await Promise.race([stream.next(), happened]);
    if (next === undefined || next.done === true) break;
    yield next.value;
  }
  await stream.return(undefined);
}

/** Keeps the statement and tells the client that it failed, so that the user does it all again. */
function withholding(kept: VerificationServiceSubmitStatementRequest[]): Tamper {
  return async function* (call, forward) {
    if (call.method !== SUBMIT) return yield* forward(call.request);
    kept.push(call.request as VerificationServiceSubmitStatementRequest);
    throw forgedRefusal("EXPIRED");
  };
}

/** The malware's own call: whatever comes back is thrown away. */
async function swallowed(answers: AsyncIterable<unknown>): Promise<void> {
  try {
    for await (const answer of answers) void answer;
  } catch {
    // A refusal is what the malware expects.
  }
}
