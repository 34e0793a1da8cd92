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
  const lie = new Lie(State.EXECUTED);
  return async function* (call, forward) {
    if (call.method === SUBMIT) {
      lie.begin(call.request as VerificationServiceSubmitStatementRequest);
      yield { transaction: lie.about(State.CONFIRMED) };
    } else if (call.method === RECEIPT && lie.transaction !== undefined && lie.statement !== undefined) {
      yield { receipt: Buffer.from(forgedReceipt(lie.transaction, lie.statement.signedStatement)) };
    } else yield* lie.told(call, forward);
  };
}

/** Keeps the statement and tells the client that it failed, so that the user does it all again. */
function withholding(kept: VerificationServiceSubmitStatementRequest[]): Tamper {
  const lie = new Lie(State.EXPIRED);
  return async function* (call, forward) {
    if (call.method !== SUBMIT) return yield* lie.told(call, forward);
    kept.push(call.request as VerificationServiceSubmitStatementRequest);
    lie.begin(call.request as VerificationServiceSubmitStatementRequest);
    throw forgedRefusal("EXPIRED");
  };
}

/** Tells the client the truth about its transaction until the statement was caught, and from then on that it ended so. */
class Lie {
  readonly #ending: State;
  readonly #caught = Promise.withResolvers<void>();
  transaction: Transaction | undefined;
  statement: VerificationServiceSubmitStatementRequest | undefined;

  constructor(ending: State) {
    this.#ending = ending;
  }

  begin(statement: VerificationServiceSubmitStatementRequest): void {
    this.statement = statement;
    this.#caught.resolve();
  }

  about(state: State): Transaction | undefined {
    if (this.transaction === undefined) return undefined;
    return { ...this.transaction, state, outcomeDetail: "booked", version: this.transaction.version + BigInt(state) };
  }

  async *told(call: PassingCall, forward: Forward): AsyncGenerator {
    if (call.method === WATCH) {
      yield* until(this.#caught.promise, this.#truth(call, forward));
      yield { transaction: this.about(this.#ending), cursor: "forged" };
    } else if (call.method === GET && this.statement !== undefined) yield { transaction: this.about(this.#ending) };
    else yield* this.#truth(call, forward);
  }

  async *#truth(call: PassingCall, forward: Forward): AsyncGenerator {
    for await (const answer of forward(call.request)) {
      this.transaction = (answer as { transaction?: Transaction }).transaction ?? this.transaction;
      yield answer;
    }
  }
}

/** Passes a stream until something happens. */
async function* until(event: Promise<void>, stream: AsyncGenerator): AsyncGenerator {
  const happened = event.then(() => undefined);
  for (;;) {
    const next = await Promise.race([stream.next(), happened]);
    if (next === undefined || next.done === true) break;
    yield next.value;
  }
  // A stream that waits for its next message cannot be ended by `return`; it ends with its connection.
  void stream.return(undefined);
}

/** The malware's own call: whatever comes back is thrown away. */
async function swallowed(answers: AsyncIterable<unknown>): Promise<void> {
  try {
    for await (const answer of answers) void answer;
  } catch {
    // A refusal is what the malware expects.
  }
}
