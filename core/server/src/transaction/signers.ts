import { FidoRequest } from "@countersign/proto/node/core/v1/content";
import type { CoreGiven } from "../given.ts";
import { keyKey } from "../identity/entity-key.ts";
import type { Key } from "../identity/key.ts";
import { shardOfTransaction, type HexId } from "../store/entity.ts";
import type { Transaction } from "./transaction.ts";

/** The keys of a transaction as they stand now: those that were frozen into it, less what was revoked since. */
export interface Signers {
  readonly keys: readonly Key[];
  /** How many of the frozen ones are gone. Never falls: nothing undoes a revocation. */
  readonly revoked: number;
}

/** Reads the keys of a transaction. */
export async function loadSigners(
  given: CoreGiven,
  { txId, tenantId, keyIds }: Pick<Transaction, "txId" | "tenantId" | "keyIds">,
): Promise<Signers> {
  const names = keyIds.map((id) => keyKey(tenantId, id));
  const { entities } = await given.store.load(shardOfTransaction(txId), ...names);
  const keys = entities.flatMap(({ body }) => (body?.state === "ACTIVE" ? [body] : []));
  return { keys, revoked: keyIds.length - keys.length };
}

export function keyIdsOf({ keys }: Signers): HexId[] {
  return keys.map(({ keyId }) => keyId);
}

/** What a client needs to ask the FIDO2 keys among them. One request names one relying party: that of the newest key. */
export function fidoRequestOf({ keys }: Signers): FidoRequest | undefined {
  const fido = keys.flatMap(({ keyId, enrolledAt, fido: details }) =>
    details === undefined ? [] : [{ keyId, enrolledAt, ...details }],
  );
  const newest = fido.toSorted((one, other) => other.enrolledAt - one.enrolledAt)[0];
  if (newest === undefined) return undefined;
  const { rpId } = newest;
  const asked = fido
    .filter((key) => key.rpId === rpId)
    .map(({ keyId, credentialId, transports }) => ({
      ...{ keyId, credentialId: Buffer.from(credentialId) },
      transports: [...transports],
    }));
  return FidoRequest.create({ rpId, keys: asked });
}
