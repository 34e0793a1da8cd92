import { sha256, utf8 } from "@countersign/protocol";
import { CoreFailure } from "../connection/core-failure.ts";
import { admin } from "../connection/core.ts";
import { endSession, session } from "../connection/session.ts";

/** Ends this session's token at the core, and forgets it here also where the core cannot be reached. */
export async function logOut(why: "left" | "idle" = "left"): Promise<void> {
  const { value } = session;
  if (value === undefined) return;
  try {
    await admin.logOut({ tokenSha256: sha256(utf8(value.token)) });
  } catch (error) {
    // It is forgotten here in any case, and ends with its time.
    if (!(error instanceof CoreFailure)) throw error;
  } finally {
    endSession(why, sessionStorage, Date.now());
  }
}
