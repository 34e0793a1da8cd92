// One payment from its wish to its execution, carried on over any number of lives of the core with the same ids.
import { Kind, Label, State, type Field } from "@countersign/proto/node/core/v1/content";
import {
  ExecutionOutcome,
  ExecutionServiceClaimRequest,
  ExecutionServiceReportRequest,
  ExecutionServiceService,
} from "@countersign/proto/node/core/v1/execution_service";
import {
  TransactionServiceCreateRequest,
  TransactionServiceService,
  type Transaction,
} from "@countersign/proto/node/core/v1/transaction_service";
import { VerificationServiceService } from "@countersign/proto/node/core/v1/verification_service";
import type { Metadata } from "@grpc/grpc-js";
import { CallError, type Caller, type UnaryMethod } from "./caller.ts";
import type { Installation, Person } from "./installation.ts";
import type { Ledger } from "./ledger.ts";

/** Whom a payment speaks to at the moment. Rivals claim it through cores of their own, where there are several. */
export interface Reachable {
  readonly callers: readonly Caller[];
  readonly signal: AbortSignal;
  /** Instead of the chat. */
  readonly codes?: (transaction: Transaction) => Promise<string | undefined>;
}

/** How far a payment is carried: "begun" is carried out and not reported. */
export const STAGES = ["pending", "signed", "confirmed", "claimed", "begun", "executed"] as const;
export type Stage = (typeof STAGES)[number];

/** Two programs of the relying party that do not know of each other: each carries out what it may. */
const RIVALS = 2;

export class Payment {
  readonly person: Person;
  readonly #installation: Installation;
  readonly #ledger: Ledger;
  readonly #number: number;
  readonly #superseded: string[] = [];
  #transaction: Transaction | undefined;
  #statement: { readonly code: string; readonly signed: Buffer } | undefined;
  #confirmed = false;
  /** Why it will never be carried out. */
  #ended: string | undefined;
  readonly #rivals: Rival[];

  constructor(installation: Installation, ledger: Ledger, person: Person, number: number) {
    this.#installation = installation;
    this.#ledger = ledger;
    this.person = person;
    this.#number = number;
    this.#rivals = Array.from({ length: RIVALS }, (_, i) => ({
      claimId: `claim ${number} ${i}`,
      fence: 0n,
      did: false,
    }));
    person.prompts.push(Date.now());
  }

  get txId(): string | undefined {
    return this.#transaction?.transactionId;
  }

  /** Why it ended without being carried out; undefined: it was, or it is under way. */
  get ended(): string | undefined {
    return this.#ended;
  }

  /** Goes on until it is over or the signal says stop; a call that fails in passing is made again. */
  async carry(reach: Reachable, until: Stage = "executed"): Promise<void> {
    this.#transaction ??= await this.#create(reach);
    if (until === "pending") return;
    if (until === "signed") {
      this.#statement ??= await this.#sign(this.#transaction, reach);
      return;
    }
    if (!this.#confirmed && this.#ended === undefined) await this.#confirm(reach, this.#transaction);
    if (until === "confirmed" || this.#ended !== undefined) return;
    const transaction = this.#transaction;
    if (until !== "executed") {
      await this.#execute(reach.callers[0]!, reach, transaction, this.#rivals[0]!, until);
      return;
    }
    const callers = this.#rivals.map((_, i) => reach.callers[(this.#number + i) % reach.callers.length]!);
    await Promise.all(this.#rivals.map((rival, i) => this.#execute(callers[i]!, reach, transaction, rival)));
    const state = await this.state(reach);
    if (state !== State.EXECUTED && this.#ended === undefined) this.#ended = `state ${state}`;
  }

  /** Where it stands, as the core says. */
  async state(reach: Reachable): Promise<State> {
    const of = { transactionId: this.txId ?? "" };
    const answer = await this.#insist(reach, this.#first(reach), TransactionServiceService.get, of);
    return answer.transaction?.state ?? State.UNSPECIFIED;
  }

  async #create(reach: Reachable): Promise<Transaction> {
    const request = TransactionServiceCreateRequest.create({
      requestId: `payment-${this.#number}`,
      userId: this.person.userId,
      kind: Kind.PAY,
      fields: fieldsOf(this.#number),
    });
    const { transaction } = await this.#insist(reach, this.#first(reach), TransactionServiceService.create, request);
    if (transaction === undefined) throw new Error("Create answered without a transaction");
    this.#ledger.acknowledge(transaction.transactionId, "created");
    return transaction;
  }

  async #confirm(reach: Reachable, transaction: Transaction): Promise<void> {
    const { transactionId } = transaction;
    while (!this.#confirmed && this.#ended === undefined) {
      this.#statement ??= await this.#sign(transaction, reach);
      const request = { transactionId, signedStatement: this.#statement.signed };
      try {
        await this.#insist(reach, this.#first(reach), VerificationServiceService.submitStatement, request);
        this.#confirmed = true;
        this.#ledger.acknowledge(transactionId, "confirmed");
      } catch (error) {
        if (!(error instanceof CallError)) throw error;
        if (error.reason === "CODE_SUPERSEDED") this.#superseded.push(this.#statement.code);
        else this.#ended = error.reason;
        this.#statement = undefined;
      }
    }
  }

  async #sign(transaction: Transaction, { codes, signal }: Reachable): Promise<{ code: string; signed: Buffer }> {
    const code = codes === undefined ? await this.#read(transaction, signal) : await codes(transaction);
    // Nobody can tell at the moment.
    if (code === undefined) {
      await pause(RETRY_MS, signal);
      signal.throwIfAborted();
      return this.#sign(transaction, { callers: [], signal, ...(codes === undefined ? {} : { codes }) });
    }
    return { code, signed: Buffer.from(this.person.key.approve(transaction, code)) };
  }

  #read({ tag, lines }: Transaction, signal: AbortSignal): Promise<string> {
    return this.#installation.phone.codeFor({ peerId: this.person.peerId, tag, lines }, this.#superseded, signal);
  }

  /** Claims, begins, carries out at most once by its own books, reports. What it may not do the other may. */
  async #execute(
    caller: Caller,
    reach: Reachable,
    { transactionId, txDigest }: Transaction,
    rival: Rival,
    until: Stage = "executed",
  ): Promise<void> {
    try {
      const { claimId } = rival;
      const claim = ExecutionServiceClaimRequest.create({ transactionId, claimId, txDigest, lease: LEASE });
      if (rival.fence === 0n) {
        const { lease } = await this.#insist(reach, caller, ExecutionServiceService.claim, claim);
        rival.fence = lease?.fence ?? 0n;
        this.#ledger.acknowledge(transactionId, "claimed");
      }
      if (until === "claimed") return;
      const { fence } = rival;
      if (!rival.did) {
        await this.#insist(reach, caller, ExecutionServiceService.begin, { transactionId, fence });
        this.#ledger.acknowledge(transactionId, "begun");
        rival.did = true;
        this.#ledger.execute(transactionId);
      }
      if (until === "begun") return;
      const report = ExecutionServiceReportRequest.create({
        ...{ transactionId, fence, detail: `book ${this.#number}` },
        outcome: ExecutionOutcome.EXECUTED,
      });
      await this.#insist(reach, caller, ExecutionServiceService.report, report);
      this.#ledger.acknowledge(transactionId, "executed");
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      // The other one has it, or nobody may any more.
    }
  }

  #first({ callers }: Reachable): Caller {
    return callers[this.#number % callers.length]!;
  }

  /** Asks again while the answer is that nobody knows. Rejects with what else is said, or once the signal says stop. */
  async #insist<Request, Answer>(
    { signal }: Reachable,
    caller: Caller,
    method: UnaryMethod<Request, Answer>,
    request: Request,
  ): Promise<Answer> {
    const { submitter, executor } = this.#installation;
    const who: Metadata = method.path.includes("ExecutionService") ? executor : submitter;
    for (;;) {
      signal.throwIfAborted();
      try {
        return await caller.call(method, request, who);
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof CallError) || !error.isPassing || error.reason === "STALE_FENCE") throw error;
        await pause(Math.min(error.retryAfterMs ?? RETRY_MS, LONGEST_RETRY_MS), signal);
      }
    }
  }
}

interface Rival {
  readonly claimId: string;
  fence: bigint;
  /** Whether it carried it out: it remembers, whatever becomes of the core. */
  did: boolean;
}

/** The longest: it must not lapse while a machine is slow. */
const LEASE = { seconds: 600n, nanos: 0 };
const RETRY_MS = 50;
const LONGEST_RETRY_MS = 500;

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done, { once: true });
  });
}

/** Unlike every other, so that none is a duplicate. */
function fieldsOf(number: number): Field[] {
  const amount = { currency: "EUR", minorUnits: String(100_000 + number) };
  const account = { id: { $case: "iban", value: "DE89370400440532013000" } } as const;
  return [
    { label: Label.AMOUNT, value: { $case: "amount", value: amount } },
    { label: Label.TO, value: { $case: "text", value: "Müller GmbH" } },
    { label: Label.ACCOUNT, value: { $case: "account", value: account } },
    { label: Label.REFERENCE, value: { $case: "text", value: `Invoice ${number}` } },
  ];
}
