// What somebody who has the database and none of the keys would like to stand in it.
import type { Key } from "../../core/server/src/identity/key.ts";
import type { User } from "../../core/server/src/identity/user.ts";
import type { Transaction } from "../../core/server/src/transaction/transaction.ts";
import type { Row } from "./cluster.ts";

/** undefined: he has no use for such a row. */
export function betterOf({ key, body }: Row): object | undefined {
  if (key.type === "transaction") return betterTransaction(body as Transaction);
  if (key.type === "key") return { ...(body as Key), state: "ACTIVE", counter: { highest: 0, seen: 0n } };
  if (key.type === "content") return { txIds: [] };
  if (key.type !== "user") return undefined;
  return { ...(body as User), state: "ACTIVE", wrongInARow: 0, open: [], prompts: [], thaws: [] };
}

function betterTransaction(body: Transaction): object {
  const longer = body.createdAt + YEAR_MS;
  if (body.state === "PENDING") return { ...body, triesLeft: body.policy.tries, superseded: [], expiresAt: longer };
  if (body.state === "CONFIRMED") return { ...body, claimBy: longer };
  // What was carried out is to be carried out once more.
  if ("confirmation" in body) return { ...body, state: "CONFIRMED", claimBy: longer };
  return { ...body, state: "PENDING", triesLeft: body.policy.tries, expiresAt: longer };
}

const YEAR_MS = 365 * 86_400_000;
