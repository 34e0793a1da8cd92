// The program's way to the verifier of a store over Redis: opens it, writes and reads seals.
import { readFileSync, writeFileSync } from "node:fs";
import type { AuditReport } from "../../audit/verify-audit.ts";
import type { StoreConfig } from "../../config.ts";
import type { Secrets } from "../../secrets.ts";
import { StoreUnavailableError } from "../store.ts";
import { KeyNames } from "./key-names.ts";
import { openChecked, PREFIX } from "./open-redis-store.ts";
import { LinkError } from "./redis-link.ts";
import { openSeal, sealHeads } from "./sealed-heads.ts";
import { verifyRedisAudit } from "./verify-redis-audit.ts";

/** What is verified, and which files of seals are made or held against it. */
export interface VerifySharedOptions {
  readonly store: StoreConfig;
  readonly secrets: Secrets;
  /** A new file for the heads as they are now; not written where they do not hold. */
  readonly seal: string | undefined;
  /** A file that was written so before. */
  readonly sealed: string | undefined;
  readonly onTrouble: (error: Error) => void;
}

/** Rejects with SealError, IntegrityError (another K_store, no store), StoreUnavailableError, or why a file is not to be had. */
export async function verifySharedStore(options: VerifySharedOptions): Promise<AuditReport> {
  const { store, secrets, seal, onTrouble } = options;
  const sealed = options.sealed === undefined ? undefined : openSeal(readFileSync(options.sealed, "utf8"), secrets);
  try {
    // A store that forgets is looked at all the same: what is left of it is what somebody wants to know.
    const opened = { ...store, keyFor: () => secrets.store, create: false, development: true, onTrouble };
    const { link, macKey } = await openChecked(opened);
    try {
      const given = { link, macKey, names: new KeyNames(PREFIX), ...(sealed === undefined ? {} : { sealed }) };
      const { report, heads } = await verifyRedisAudit(given);
      if (seal !== undefined && report.ok) {
        writeFileSync(seal, sealHeads(heads, Date.now(), secrets), { flag: "wx", mode: 0o600 });
      }
      return report;
    } finally {
      await link.close();
    }
  } catch (error) {
    if (error instanceof LinkError) throw new StoreUnavailableError(error.message, { cause: error });
    throw error;
  }
}
