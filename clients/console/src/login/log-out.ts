import { sha256, toHex, utf8 } from "@countersign/protocol";
import { admin } from "../connection/core.ts";
import { endSession, session } from "../connection/session.ts";

/** Ends this session's token at the core, and forgets it here also where the core cannot be reached. */
export async function logOut(): Promise<void> {
  const { value } = session;
  if (value === undefined) return;
  const { adminId, token } = value;
  const tokenSha256 = toHex(sha256(utf8(token)));
  try {
    await admin.revokeToken({ holder: { $case: "adminId", value: adminId }, tokenSha256 });
  } finally {
    endSession("left", sessionStorage, Date.now());
  }
}
