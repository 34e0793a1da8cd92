import { FidoRegistrationRequest } from "@countersign/proto/node/core/v1/key_service";
import type { CoreGiven } from "../given.ts";
import { directoryOf } from "../identity/directory.ts";
import { tenantKey } from "../identity/entity-key.ts";
import { loadKeys } from "../identity/load-keys.ts";
import type { User } from "../identity/user.ts";
import type { Policy } from "../policy/policy.ts";
import { refuse, type Refusal } from "../rpc/refusal.ts";
import { rpIdOf, userHandleOf } from "./relying-party.ts";

/** What a FIDO2 key is asked to make for this user, or why it could sign nothing here. */
export async function fidoRegistrationRequest(
  given: CoreGiven,
  user: User,
): Promise<FidoRegistrationRequest | Refusal> {
  const tenant = await directoryOf(given.store).get(tenantKey(user.tenantId));
  if (tenant === undefined) throw new Error(`tenant ${user.tenantId} does not exist`);
  const { policy } = tenant;
  if (!policy.modes.includes("C"))
    return refuse("POLICY_UNMET", "fido: such a key shows nothing, and the policy allows no mode C");
  const rpId = rpIdOf(policy, given.serverId);
  const keys = await loadKeys(given, user, user.keyIds);
  const exclude = keys.flatMap(({ keyId, state, fido }) => {
    if (fido?.rpId !== rpId || state === "REVOKED") return [];
    return [{ keyId, credentialId: Buffer.from(fido.credentialId), transports: [...fido.transports] }];
  });
  return FidoRegistrationRequest.create({
    rpId,
    userHandle: Buffer.from(userHandleOf(given.secrets, user)),
    userName: user.userId,
    exclude,
    platformAllowed: policy.webauthn?.passkeys === "allowed",
    attestationWanted: wantsModel(policy),
  });
}

/** Where nobody is trusted to attest, asking would only trouble the user: browsers warn of it. */
function wantsModel({ fidoRoots = [] }: Policy): boolean {
  return fidoRoots.length > 0;
}
