import { KeyServiceBeginEnrolmentResponse } from "@countersign/proto/node/core/v1/key_service";
import { timestampOf } from "../delivery/timestamp.ts";
import type { CoreGiven } from "../given.ts";
import type { HexId } from "../store/entity.ts";
import type { BegunEnrolment } from "./begin-enrolment.ts";
import { directoryOf } from "./directory.ts";
import { tenantKey } from "./entity-key.ts";

/** What the user's client and key need to finish it. */
export async function enrolmentResponse(
  given: CoreGiven,
  tenantId: HexId,
  begun: BegunEnrolment,
): Promise<KeyServiceBeginEnrolmentResponse> {
  const tenant = await directoryOf(given.store).get(tenantKey(tenantId));
  return KeyServiceBeginEnrolmentResponse.create({
    enrolmentToken: begun.token,
    challenge: Buffer.from(begun.challenge),
    serverId: given.serverId,
    serverName: tenant?.issuer ?? "",
    digits: begun.digits?.reveal() ?? "",
    expiresAt: timestampOf(begun.until),
    fido: begun.fido,
  });
}
