// What people ask of a core, out of the steps of a schedule.
import { Kind, Label, RejectReason, sha256, utf8, type Field } from "@countersign/protocol";
import type { HexId } from "../../core/server/src/store/entity.ts";
import type { Draft } from "../../core/server/src/transaction/draft.ts";
import type { TransactionEvent } from "../../core/server/src/transaction/event.ts";
import { idOf, type Person } from "./people.ts";
import type { Step } from "./step.ts";

/** A payment; `repeatOf`: meant once more. */
export function draftOf(
  person: Person,
  { content, request, repeat }: Extract<Step, { do: "create" }>,
  repeatOf: HexId | undefined,
): Draft {
  const { tenantId, userId } = person;
  const requestId = `${userId} ${request}`;
  return {
    ...{ tenantId, userId, kind: Kind.PAY, fields: paymentOf(content), createdBy: idOf(`app of ${tenantId}`) },
    ...{ requestId, repeatOf, bodyHash: sha256(utf8(`${requestId} ${content} ${repeat}`)) },
  };
}

function paymentOf(content: number): readonly Field[] {
  const amount = { currency: "EUR", minorUnits: 12_500n + BigInt(content) };
  return [
    { label: Label.AMOUNT, value: { type: "amount", amount } },
    { label: Label.TO, value: { type: "text", text: "Müller GmbH" } },
    { label: Label.ACCOUNT, value: { type: "account", account: { iban: "DE89370400440532013000" } } },
  ];
}

/** What is said about a transaction; `salt` says how. */
export function eventOf(what: "veto" | "cancel" | "resend" | "resolve", salt: number, epoch: number): TransactionEvent {
  switch (what) {
    case "veto": {
      const reason = salt % 3 === 0 ? RejectReason.NOT_ME : RejectReason.CHANGED_MY_MIND;
      return { type: "vetoed", reason, onKey: false, mayFreeze: true };
    }
    case "cancel":
      return { type: "cancelled", by: salt % 2 === 0 ? "app" : "client", detail: "" };
    case "resend":
      return { type: "resent", epoch };
    case "resolve":
      return { type: "resolved", outcome: salt % 2 === 0 ? "EXECUTED" : "EXECUTION_FAILED", detail: "" };
  }
}
