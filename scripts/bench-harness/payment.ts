// One full transaction as the load generator makes it: Create, the code, the key's signature, SubmitStatement.
import { deriveCode, fromHex } from "@countersign/protocol";
import { State, Kind, Label, type Field } from "@countersign/proto/node/core/v1/content";
import {
  type Transaction,
  TransactionServiceCreateRequest,
  TransactionServiceCreateResponse,
  TransactionServiceService,
} from "@countersign/proto/node/core/v1/transaction_service";
import {
  VerificationServiceService,
  VerificationServiceSubmitStatementRequest,
  VerificationServiceSubmitStatementResponse,
} from "@countersign/proto/node/core/v1/verification_service";
import type { BenchUser } from "./bench-user.ts";
import type { BenchCore } from "./bench-core.ts";
import type { Recorded } from "./recorded.ts";
import type { Wire } from "./wire.ts";

/** Where the code comes from: the chat, or K_code where delivery is off. */
export type CodeSource = (user: BenchUser, transaction: Transaction) => Promise<string> | string;

const DIGITS = 6;
const FIRST_ISSUE = { epoch: 1, n: 1 };

/** As the core derives it for the default policy, on a store that never lost its master. */
export function codesFrom({ codeKey }: Pick<BenchCore, "codeKey">): CodeSource {
  return (_user, { serverId, transactionId, nonce, txDigest }) => {
    const bound = { serverId: fromHex(serverId), txId: fromHex(transactionId), issue: FIRST_ISSUE };
    const bytes = { nonce: new Uint8Array(nonce), txDigest: new Uint8Array(txDigest) };
    return deriveCode(codeKey, { ...bound, ...bytes }, DIGITS).reveal();
  };
}

/** The messages of one transaction. */
export interface Paid {
  readonly request: TransactionServiceCreateRequest;
  readonly created: TransactionServiceCreateResponse;
  readonly statement: VerificationServiceSubmitStatementRequest;
  readonly submitted: VerificationServiceSubmitStatementResponse;
}

/** A transaction that waits for its statement. */
export interface Asked {
  readonly user: BenchUser;
  readonly request: TransactionServiceCreateRequest;
  readonly created: TransactionServiceCreateResponse;
  readonly transaction: Transaction;
}

/** The statement by which the user's key approves it. */
export async function signed(
  { user, transaction }: Asked,
  codes: CodeSource,
): Promise<VerificationServiceSubmitStatementRequest> {
  const signedStatement = Buffer.from(user.key.approve(transaction, await codes(user, transaction)));
  return { transactionId: transaction.transactionId, signedStatement };
}

/** As they went over the wire. */
export function recordedOf({ request, created, statement, submitted }: Paid): Recorded {
  return {
    create: {
      request: base64(TransactionServiceCreateRequest.encode(request).finish()),
      answer: base64(TransactionServiceCreateResponse.encode(created).finish()),
    },
    submit: {
      request: base64(VerificationServiceSubmitStatementRequest.encode(statement).finish()),
      answer: base64(VerificationServiceSubmitStatementResponse.encode(submitted).finish()),
    },
  };
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}

/** Payments of one app, each unlike all before, so that none is a duplicate. */
export class Payments {
  readonly #app: Wire;
  #made = 0;

  constructor(app: Wire) {
    this.#app = app;
  }

  /** Until the core says CONFIRMED; anything else is an error. Answers the four messages that went over the wire. */
  async pay(user: BenchUser, codes: CodeSource): Promise<Paid> {
    const asked = await this.ask(user);
    const statement = await signed(asked, codes);
    return { request: asked.request, created: asked.created, statement, submitted: await this.submit(statement) };
  }

  /** The first of the two calls. */
  async ask(user: BenchUser): Promise<Asked> {
    const request = this.#requestOf(user);
    const created = await this.#app.call(TransactionServiceService.create, request);
    user.prompts.push(Date.now());
    const { transaction } = created;
    if (transaction === undefined) throw new Error("Create answered without a transaction");
    return { user, request, created, transaction };
  }

  /** The second one. */
  async submit(
    statement: VerificationServiceSubmitStatementRequest,
  ): Promise<VerificationServiceSubmitStatementResponse> {
    const submitted = await this.#app.call(VerificationServiceService.submitStatement, statement);
    if (submitted.transaction?.state !== State.CONFIRMED) throw new Error("the core confirmed something else");
    return submitted;
  }

  #requestOf({ userId }: BenchUser): TransactionServiceCreateRequest {
    this.#made += 1;
    return paymentOf(userId, this.#made);
  }
}

/** The n-th payment, by its user. */
export function paymentOf(userId: string, n: number): TransactionServiceCreateRequest {
  const fields: Field[] = [
    { label: Label.AMOUNT, value: { $case: "amount", value: { currency: "EUR", minorUnits: String(100_000 + n) } } },
    { label: Label.TO, value: { $case: "text", value: "Müller GmbH" } },
    {
      label: Label.ACCOUNT,
      value: { $case: "account", value: { id: { $case: "iban", value: "DE89370400440532013000" } } },
    },
    { label: Label.REFERENCE, value: { $case: "text", value: `Invoice ${n}` } },
  ];
  return TransactionServiceCreateRequest.create({ requestId: `bench-${n}`, userId, kind: Kind.PAY, fields });
}
