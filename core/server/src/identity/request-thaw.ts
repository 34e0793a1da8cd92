import { Kind, Label } from "@countersign/protocol";
import type { CoreGiven } from "../given.ts";
import { isRefusal, refuse, type Refusal } from "../rpc/refusal.ts";
import type { HexId } from "../store/entity.ts";
import { createTransaction, type Created } from "../transaction/create.ts";
import type { User } from "./user.ts";
import { findReservation } from "../transaction/reserve.ts";
import { loadUser, type UserName } from "./change-user.ts";

export interface ThawRequest extends UserName {
  /** The app that asks for the user, or "core" when he asked by a chat. */
  readonly createdBy: HexId;
  readonly requestId: string;
  readonly bodyHash: Uint8Array;
}

/** A THAW for a frozen or blocked user: signed by his key, it frees him. At most 1 open and 3 an hour. */
export async function requestThaw(given: CoreGiven, request: ThawRequest): Promise<Created | Refusal> {
  const { createdBy: by, ...rest } = request;
  const known = await findReservation(given, { ...rest, by, rpc: "thaw" });
  if (isRefusal(known)) return known;
  const user = await loadUser(given, request);
  if (isRefusal(user)) return user;
  // A repeated call gets its first answer, whatever became of the user since.
  const refusal = known === undefined ? nothingToThaw(user) : undefined;
  if (refusal !== undefined) return refusal;
  return createTransaction(given, {
    ...request,
    kind: Kind.THAW,
    fields: [{ label: Label.ACTION, value: { type: "text", text: "Allow confirmations again" } }],
    action: { type: "thaw" },
  });
}

function nothingToThaw(user: User): Refusal | undefined {
  if (user.state === "SUSPENDED") {
    return refuse("STATE_CONFLICT", "The user is suspended: an administrator has to resume him.");
  }
  if (user.state === "ACTIVE") return refuse("STATE_CONFLICT", "The user is active: there is nothing to thaw.");
  return undefined;
}
