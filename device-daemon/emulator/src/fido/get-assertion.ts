import { CtapError, type CtapFields, CtapStatus, encodeAuthData, encodeCtapOk } from "@countersign/key-protocol";
import { AuthFlag } from "@countersign/protocol";
import type { Flow } from "../prompt.ts";
import { readAuthParam } from "./auth-param.ts";
import {
  descriptorOf,
  noCredentials,
  readDescriptors,
  rpIdHashOf,
  type Usable,
  usableCredentials,
} from "./credentials.ts";
import { type AssertionExtensions, assertionOutputs, readAssertionExtensions } from "./extensions.ts";
import type { FidoDevice } from "./fido-device.ts";
import { signDer } from "./fido-key.ts";
import { Permission } from "./permission.ts";
import { takePresence } from "./presence.ts";
import { userMap } from "./user.ts";
import { chooseByTouch, readOptions, verifyUser } from "./verification.ts";

/** What the person allowed: the credentials that may sign this client data, and what was proven. */
export interface Granted {
  readonly rpId: string;
  readonly clientDataHash: Uint8Array;
  readonly flags: number;
  readonly extensions: AssertionExtensions;
  /** Not empty. The first one answers getAssertion, the others getNextAssertion. */
  readonly credentials: readonly Usable[];
  /** The host named the credentials; else the answers say whose they are. */
  readonly named: boolean;
}

/** getAssertion up to what the person allows. Without `up` nobody is asked, and the answer says so. */
export function* grantAssertion(device: FidoDevice, fields: CtapFields): Flow<Granted> {
  const rpId = fields.text(1, 1024);
  const clientDataHash = fields.bytes(2, 32);
  const auth = readAuthParam(fields, 6, 7);
  if (auth === "probe") return yield* chooseByTouch(device, "sign-in", rpId);
  const allow = readDescriptors(fields, 3);
  const extensions = readAssertionExtensions(fields);
  const options = readOptions(fields, 5, device, auth !== undefined);
  if (options.rk) throw new CtapError(CtapStatus.INVALID_OPTION, "rk is no option of getAssertion");
  const { verified, touched } = yield* verifyUser(device, {
    auth,
    clientDataHash,
    rpId,
    permission: Permission.GET_ASSERTION,
    uv: options.uv,
    required: false,
    silent: !options.up,
  });
  const credentials = usableCredentials(device.vault.state, { rpId, allow, verified });
  if (credentials.length === 0) throw noCredentials();
  if (options.up && !touched) yield* takePresence("sign-in", rpId);
  if (options.up) device.token.spend();
  const flags = (options.up || touched ? AuthFlag.USER_PRESENT : 0) | (verified ? AuthFlag.USER_VERIFIED : 0);
  return { rpId, clientDataHash, flags, extensions, credentials, named: (allow ?? []).length > 0 };
}

/** Signs with one of the granted credentials; the counter is durable before the signature leaves. */
export function assertionOf(
  device: FidoDevice,
  granted: Granted,
  credential: Usable,
  total: number | undefined,
): Uint8Array {
  const { rpId, clientDataHash, flags, extensions } = granted;
  const outputs = assertionOutputs(extensions, credential);
  const authData = encodeAuthData({
    rpIdHash: rpIdHashOf(rpId),
    flags,
    signCount: device.vault.nextCounter(),
    ...(outputs === undefined ? {} : { extensions: outputs }),
  });
  const { resident } = credential;
  // Names tell who has accounts here: only to a verified user who must choose.
  const withNames = (flags & AuthFlag.USER_VERIFIED) !== 0 && granted.credentials.length > 1;
  return encodeCtapOk([
    [1, descriptorOf(credential.id)],
    [2, authData],
    [3, signDer(credential.privateKey, authData, clientDataHash)],
    [4, resident === undefined ? undefined : userMap(resident, withNames)],
    [5, total],
    [7, extensions.largeBlobKey ? resident?.largeBlobKey : undefined],
  ]);
}
