import {
  coseKeyOfPoint,
  CosePurpose,
  CtapError,
  CtapFields,
  CtapStatus,
  type CtapValue,
  encodeAuthData,
  encodeCtapOk,
  ES256,
} from "@countersign/key-protocol";
import { AuthFlag } from "@countersign/protocol";
import type { Ending, Flow } from "../prompt.ts";
import { attestationOf } from "./attestation.ts";
import { type AuthParam, readAuthParam } from "./auth-param.ts";
import { wrapCredential } from "./credential-id.ts";
import { isExcluded, readDescriptors, rpIdHashOf } from "./credentials.ts";
import { AAGUID } from "./device-certificate.ts";
import { type CreationExtensions, creationOutputs, readCreationExtensions } from "./extensions.ts";
import { type FidoDevice, MAX_RESIDENTS } from "./fido-device.ts";
import { type FidoKeyPair, newFidoKeyPair } from "./fido-key.ts";
import { Permission } from "./permission.ts";
import { takePresence } from "./presence.ts";
import { readUser, type User } from "./user.ts";
import { chooseByTouch, type Options, readOptions, verifyUser } from "./verification.ts";

/** Longest text that is read, in UTF-16 units. */
const MAX_NAME = 1024;

type Request = {
  readonly clientDataHash: Uint8Array;
  readonly rpId: string;
  readonly user: User;
  readonly exclude: readonly Uint8Array[];
  readonly extensions: CreationExtensions;
  readonly auth: AuthParam | undefined;
  readonly options: Options;
  readonly formats: readonly string[];
};

/** makeCredential: a new key for one RP, after verification where it is set up, and presence always. */
export function* makeCredentialFlow(device: FidoDevice, fields: CtapFields): Flow<Ending> {
  const auth = readAuthParam(fields, 8, 9);
  if (auth === "probe") return yield* chooseByTouch(device, "new key", rpOf(fields));
  const request = readRequest(device, fields, auth);
  const { clientDataHash, rpId, options } = request;
  const { verified, touched } = yield* verifyUser(device, {
    auth,
    clientDataHash,
    rpId,
    permission: Permission.MAKE_CREDENTIAL,
    uv: options.uv,
    required: options.rk,
  });
  const excluded = isExcluded(device.vault.state, rpId, request.exclude, verified);
  if (!touched) yield* takePresence("new key", rpId);
  device.token.spend();
  if (excluded) throw new CtapError(CtapStatus.CREDENTIAL_EXCLUDED, "one of the excluded credentials is on this key");
  return { reply: make(device, request, verified) };
}

function readRequest(device: FidoDevice, fields: CtapFields, auth: AuthParam | undefined): Request {
  const clientDataHash = fields.bytes(1, 32);
  const rpId = rpOf(fields);
  const user = readUser(fields.map(3));
  checkAlgorithm(fields.list(4, 64));
  const exclude = readDescriptors(fields, 5) ?? [];
  const options = readOptions(fields, 7, device, auth !== undefined);
  if (!options.up) throw new CtapError(CtapStatus.INVALID_OPTION, "up cannot be switched off");
  if (fields.has(10)) throw new CtapError(CtapStatus.INVALID_PARAMETER, "there is no enterprise attestation");
  const extensions = readCreationExtensions(device, fields, options.rk, rpId);
  const formats = fields.optional(11, (key) => fields.list(key, 16)) ?? [];
  const named = formats.filter((format) => typeof format === "string");
  return { clientDataHash, rpId, user, exclude, extensions, auth, options, formats: named };
}

// Its name and picture are never shown, but must be what they are called.
function rpOf(fields: CtapFields): string {
  const rp = fields.map(2);
  for (const member of ["name", "icon"]) rp.optional(member, (key) => rp.text(key, MAX_NAME));
  return rp.text("id", MAX_NAME);
}

// Every item is read, so that a malformed one behind a good one is refused as well.
function checkAlgorithm(list: readonly CtapValue[]): void {
  const known = list.filter((item) => {
    const parameter = new CtapFields("pubKeyCredParams", item);
    const type = parameter.text("type", 64);
    return parameter.integer("alg", -(2 ** 31), 2 ** 31) === ES256 && type === "public-key";
  });
  if (known.length === 0) throw new CtapError(CtapStatus.UNSUPPORTED_ALGORITHM, "only ES256");
}

function make(device: FidoDevice, request: Request, verified: boolean): Uint8Array {
  const { rpId, extensions } = request;
  const pair = newFidoKeyPair();
  const largeBlobKey = extensions.largeBlobKey ? device.random(32) : undefined;
  const credentialId = request.options.rk
    ? keep(device, request, pair, largeBlobKey)
    : wrapCredential(
        device.vault.state.wrapKey,
        rpIdHashOf(rpId),
        { privateKey: pair.privateKey, protection: extensions.protection },
        device.random,
      );
  const outputs = creationOutputs(extensions);
  const authData = encodeAuthData({
    rpIdHash: rpIdHashOf(rpId),
    flags: AuthFlag.USER_PRESENT | (verified ? AuthFlag.USER_VERIFIED : 0),
    signCount: device.vault.nextCounter(),
    credential: { aaguid: AAGUID, credentialId, publicKey: coseKeyOfPoint(pair, CosePurpose.SIGN) },
    ...(outputs === undefined ? {} : { extensions: outputs }),
  });
  const { format, statement } = attestationOf(device, pair, authData, request.clientDataHash, request.formats);
  return encodeCtapOk([
    [1, format],
    [2, authData],
    [3, statement],
    [5, largeBlobKey],
  ]);
}

// A credential of the same user at the same RP is replaced.
function keep(
  device: FidoDevice,
  request: Request,
  pair: FidoKeyPair,
  largeBlobKey: Uint8Array | undefined,
): Uint8Array {
  const { rpId, user, extensions } = request;
  const { vault } = device;
  const others = vault.state.residents.filter(
    (held) => held.rpId !== rpId || Buffer.compare(held.userId, user.userId) !== 0,
  );
  if (others.length >= MAX_RESIDENTS) throw new CtapError(CtapStatus.KEY_STORE_FULL, "no room for another credential");
  const id = device.random(32);
  const resident = {
    id,
    rpId,
    ...user,
    privateKey: pair.privateKey,
    protection: extensions.protection,
    ...(extensions.blob === undefined || !extensions.blobFits ? {} : { blob: extensions.blob }),
    ...(largeBlobKey === undefined ? {} : { largeBlobKey }),
  };
  vault.change((state) => ({ ...state, residents: [...others, resident] }));
  return id;
}
