// For tests: what waits for an administrator's key, and his key.
import { PATIENT_MS } from "@countersign/testing";
import { isRefusal } from "../../rpc/refusal.ts";
import { ADMINISTRATION, ADMINISTRATION_SHARD } from "../../store/entity.ts";
import type { AdminWorld, ServedAdmins, TestAdmin } from "../../testing/admin-world.ts";
import { ownerOf } from "../../transaction/transaction-key.ts";
import type { CoreAction, Transaction } from "../../transaction/transaction.ts";
import { submitStatement } from "../../verification/submit-statement.ts";

/** The open transaction of his that is about this; a page may be about to ask for it. */
export async function waitingFor(
  { world }: AdminWorld,
  { adminId }: TestAdmin,
  about: (action: CoreAction) => boolean,
): Promise<Transaction> {
  const { store } = world.given;
  const end = performance.now() + PATIENT_MS;
  for (;;) {
    const keys = await store.list(ADMINISTRATION_SHARD, "transaction", ownerOf(ADMINISTRATION, adminId), ALL);
    for (const { id } of keys) {
      const found = await world.transaction(id);
      if (found.state === "PENDING" && found.action !== undefined && about(found.action)) return found;
    }
    if (performance.now() > end) throw new Error(`nothing of this waits for ${adminId}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const ALL = { tenant: "", limit: 100 };

/** His key signs it, with the code of his phone. */
export async function signWithSoftKey({ world }: AdminWorld, { key }: TestAdmin, of: Transaction): Promise<void> {
  const signed = world.signed(of, {}, key);
  const verdict = await submitStatement(world.given, { txId: of.txId, tenantId: undefined, signed });
  if (isRefusal(verdict)) throw new Error(`${verdict.refused}: ${verdict.message}`);
}

/** The key of who was asked in a page signs this change, another administrator's where it takes two, and the core does it. */
export async function signToItsEnd({ admins, client, anna, bob }: ServedAdmins, changeId: string): Promise<void> {
  const isThis = (action: CoreAction): boolean => action.type === "admin" && action.changeId === changeId;
  await signWithSoftKey(admins, anna, await waitingFor(admins, anna, isThis));
  const { approvals, approvalsNeeded } = await admins.change(client, anna, changeId);
  if (approvals.length < approvalsNeeded) {
    await admins.approve(client, bob, changeId);
    await signWithSoftKey(admins, bob, await waitingFor(admins, bob, isThis));
  }
  await admins.carryOut(changeId);
}
