import {
  AdminServiceGetTransactionRequest,
  AdminServiceGetTransactionResponse,
  type TransactionEvent,
} from "@countersign/proto/node/admin/v1/admin_service";
import { DeliveryState } from "@countersign/proto/node/core/v1/code_service";
import { State } from "@countersign/proto/node/core/v1/content";
import { toHex } from "@countersign/protocol";
import { call } from "@countersign/sdk";
import { CliError } from "../cli-error.ts";
import { ExitCode } from "../exit-code.ts";
import { momentText } from "../output/moment-text.ts";
import { printable } from "../output/printable.ts";
import { linesText } from "../output/transaction-text.ts";
import type { AdminGiven } from "./admin-connection.ts";
import { enumName } from "./enum-name.ts";
import { tenantId, transactionId } from "./find.ts";
import { linesOf, messageJson } from "./message-json.ts";
import type { TenantOption } from "./tree.ts";

/** `countersign admin tx show TX`: what it says, what happened to it, where its codes went. */
export async function showTransaction(on: AdminGiven, wanted: string, options: TenantOption): Promise<ExitCode> {
  const tenant = await tenantId(on, options.tenant);
  const id = await transactionId(on, tenant, wanted);
  const request = AdminServiceGetTransactionRequest.create({ tenantId: tenant, transactionId: id });
  const answer = await call(on.admin.getTransaction.bind(on.admin), request, on.core);
  if (answer.transaction === undefined) throw new CliError(ExitCode.UNVERIFIED, "the core's answer is empty");
  const { terminal } = on.given;
  terminal.record(messageJson(AdminServiceGetTransactionResponse, answer));
  for (const line of [...headLines(answer, terminal.style.plain), ...tamperedLines(answer), ...timeline(answer)]) {
    terminal.result(printable(line));
  }
  return ExitCode.DONE;
}

type Answer = AdminServiceGetTransactionResponse;

function headLines({ transaction }: Answer, plain: boolean): string[] {
  if (transaction === undefined) return [];
  const { state, tag, userId, lines, reason, outcomeDetail, createdAt, expiresAt } = transaction;
  return [
    `${transaction.transactionId}  ${enumName(State, state)}  ${tag}`,
    `of ${userId}  created ${momentText(createdAt)}, to confirm until ${momentText(expiresAt)}`,
    ...linesText(linesOf(lines), plain),
    ...(reason === "" ? [] : [`Reason: ${reason}`]),
    ...(outcomeDetail === "" ? [] : [`Outcome: ${outcomeDetail}`]),
  ];
}

/** What the key showed instead never reached the core: its digest is all there is. */
function tamperedLines({ transaction, signedDigest }: Answer): string[] {
  if (transaction === undefined || transaction.state !== State.TAMPERED) return [];
  return [
    "TAMPERED: above stands what the core holds; the key signed something else. The user's PC may be unsafe.",
    `Digest of the core     ${toHex(transaction.txDigest)}`,
    `Digest that was signed ${signedDigest.length === 0 ? "not kept" : toHex(signedDigest)}`,
  ];
}

function timeline({ events, delivery }: Answer): string[] {
  const attempts = delivery?.attempts ?? [];
  return [
    ...(events.length === 0 ? [] : ["What happened:"]),
    ...events.map(eventLine),
    ...(attempts.length === 0 ? [] : ["Where its codes went:"]),
    ...attempts.map(({ platform, state, reason, issue, at, linkId }) => {
      const why = reason === "" ? "" : ` (${reason})`;
      return `  ${momentText(at)}  ${platform}  ${enumName(DeliveryState, state)}${why}  code ${issue}  channel ${linkId}`;
    }),
  ];
}

function eventLine({ at, event, actor, detailJson }: TransactionEvent): string {
  const facts = factsOf(detailJson);
  return `  ${momentText(at)}  ${event}  by ${actor}${facts === "" ? "" : `  ${facts}`}`;
}

/** `code=2 reason=WRONG_CODE`; what is no flat object is left as it is. */
export function factsOf(detailJson: string): string {
  try {
    const facts: unknown = JSON.parse(detailJson);
    if (typeof facts !== "object" || facts === null) return detailJson;
    return Object.entries(facts)
      .map(([name, value]) => `${name}=${String(value)}`)
      .join(" ");
  } catch {
    return detailJson;
  }
}
