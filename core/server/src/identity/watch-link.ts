import { LinkServiceWatchLinkResponse } from "@countersign/proto/node/core/v1/link_service";
import type { CoreGiven } from "../given.ts";
import { isRefusal, type Refusal } from "../rpc/refusal.ts";
import { derivedToken } from "../rpc/token.ts";
import { shardOfTransaction } from "../store/entity.ts";
import { Hints } from "../transaction/hints.ts";
import { transactionKey } from "../transaction/transaction-key.ts";
import { tellTransaction } from "../transaction/transaction-message.ts";
import type { UserName } from "./change-user.ts";
import { linkStateOf } from "./link-message.ts";
import type { Link } from "./link.ts";
import { loadLink } from "./load-links.ts";

/**
 * Tells where a link stands, now and after each change, until a chat is linked or is not going to be. While it is
 * claimed, with the LINK transaction that waits for the key.
 */
export async function watchLink(
  given: CoreGiven,
  watch: UserName & { readonly linkId: string; readonly signal: AbortSignal },
  send: (response: LinkServiceWatchLinkResponse) => Promise<void>,
): Promise<void | Refusal> {
  const { linkId, signal } = watch;
  const hints = new Hints(given.store, "link", (id) => id === linkId);
  try {
    let told = "";
    do {
      const link = await loadLink(given, watch, linkId);
      if (isRefusal(link)) return link;
      const seen = `${link.state}\0${link.txId ?? ""}`;
      if (seen !== told && isTold(link)) await send(await responseOf(given, link));
      told = seen;
      if (link.state !== "WAITING" && link.state !== "CLAIMED") return;
    } while ((await hints.next(signal)) !== undefined);
  } finally {
    hints.close();
  }
}

/** A claim without its transaction is told a moment later, with it. */
function isTold({ state, txId }: Link): boolean {
  return state !== "CLAIMED" || txId !== undefined;
}

async function responseOf(given: CoreGiven, link: Link): Promise<LinkServiceWatchLinkResponse> {
  const response = LinkServiceWatchLinkResponse.create({ state: linkStateOf(link), reason: reasonOf(link) });
  if (link.state !== "CLAIMED" || link.txId === undefined) return response;
  const { entities } = await given.store.load(shardOfTransaction(link.txId), transactionKey(link.txId));
  const transaction = entities[0].body;
  if (transaction === undefined) return response;
  return {
    ...response,
    transaction: await tellTransaction(given, transaction),
    confirmationToken: derivedToken(given.secrets, "confirmation", link.txId),
  };
}

function reasonOf({ state, failure }: Link): string {
  if (state === "UNLINKED") return "UNLINKED";
  return state === "FAILED" ? (failure ?? "") : "";
}
