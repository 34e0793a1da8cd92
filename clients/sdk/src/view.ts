import {
  TransactionServiceCancelRequest,
  TransactionServiceWatchRequest,
} from "@countersign/proto/web/core/v1/transaction_service";
import {
  ConfirmationServiceWatchRequest,
  ConfirmationServiceWithdrawRequest,
} from "@countersign/proto/web/core/v1/confirmation_service";
import { ReceiptServiceGetRequest } from "@countersign/proto/web/core/v1/receipt_service";
import {
  VerificationServiceSubmitAssertionRequest,
  VerificationServiceSubmitStatementRequest,
} from "@countersign/proto/web/core/v1/verification_service";
import { ask, type CallGiven } from "./call.ts";
import type { CoreConnection } from "./core-connection.ts";
import type { AssertedByKey, SignedByKey } from "./key-place.ts";
import {
  CANCEL,
  GET_RECEIPT,
  SUBMIT_ASSERTION,
  SUBMIT_STATEMENT,
  WATCH_CONFIRMATION,
  WATCH_TRANSACTION,
  WITHDRAW,
} from "./methods.ts";
import { standingOfApp, standingOfClient, type Standing } from "./standing.ts";
import type { Token } from "./token.ts";

/** One transaction as its token lets it be seen and acted on. Every method throws CoreError. */
export interface View {
  /** Events after `cursor`, one connection long; `watchToTheEnd` resumes it. */
  watch(cursor: string, signal: AbortSignal): AsyncGenerator<{ standing: Standing; cursor: string }, void>;
  /** Hands in what the key signed; returns when it is accepted. The same statement may be handed in again. */
  submit(signed: SignedByKey | AssertedByKey): Promise<void>;
  withdraw(reason: string): Promise<void>;
  receipt(): Promise<Uint8Array>;
}

/** A page whose network went has no other sign of it. */
const SILENCE_MS = 30_000;

/** With the app's token: exact states. */
export function appView(core: CoreConnection, transactionId: string, given: CallGiven): View {
  const { port } = core;
  return {
    async *watch(cursor, signal) {
      const request = TransactionServiceWatchRequest.create({ transactionId, cursor });
      for await (const event of port.stream(WATCH_TRANSACTION, request, {
        token: given.token,
        signal,
        silenceMs: SILENCE_MS,
      })) {
        if (event.transaction === undefined) continue;
        yield { standing: standingOfApp(event.transaction), cursor: event.cursor };
      }
    },
    submit: (signed) => submit(core, transactionId, signed, given),
    async withdraw(reason) {
      const request = TransactionServiceCancelRequest.create({ transactionId, reason });
      await ask(port, CANCEL, request, given);
    },
    receipt: () => fetchReceipt(core, transactionId, given),
  };
}

/** With the confirmation token of this one transaction: classes. */
export function clientView(core: CoreConnection, transactionId: string, token: Token, all: CallGiven): View {
  const given = { ...all, token };
  const { port } = core;
  return {
    async *watch(cursor, signal) {
      const request = ConfirmationServiceWatchRequest.create({ cursor });
      for await (const event of port.stream(WATCH_CONFIRMATION, request, { token, signal, silenceMs: SILENCE_MS })) {
        yield { standing: standingOfClient(event.class, event.keyIds, event), cursor: event.cursor };
      }
    },
    submit: (signed) => submit(core, transactionId, signed, given),
    async withdraw() {
      const request = ConfirmationServiceWithdrawRequest.create();
      await ask(port, WITHDRAW, request, given);
    },
    receipt: () => fetchReceipt(core, transactionId, given),
  };
}

async function submit(
  { port }: CoreConnection,
  transactionId: string,
  signed: SignedByKey | AssertedByKey,
  given: CallGiven,
): Promise<void> {
  if ("assertion" in signed) {
    const { keyId, statement, authenticatorData, clientDataJson, signature } = signed.assertion;
    const body = { transactionId, keyId, statement, authenticatorData, clientDataJson, signature };
    const request = VerificationServiceSubmitAssertionRequest.create(body);
    await ask(port, SUBMIT_ASSERTION, request, given);
    return;
  }
  const body = { transactionId, signedStatement: signed.signedStatement };
  const request = VerificationServiceSubmitStatementRequest.create(body);
  await ask(port, SUBMIT_STATEMENT, request, given);
}

async function fetchReceipt({ port }: CoreConnection, transactionId: string, given: CallGiven): Promise<Uint8Array> {
  const request = ReceiptServiceGetRequest.create({ transactionId });
  return Uint8Array.from((await ask(port, GET_RECEIPT, request, given)).receipt);
}
