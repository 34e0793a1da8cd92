import { CtapError, CtapFields, type CtapMap, CtapStatus } from "@countersign/key-protocol";
import { equalBytes, MAX_CREDENTIAL_ID, sha256, utf8 } from "@countersign/protocol";
import { unwrapCredential } from "./credential-id.ts";
import { type FidoState, Protection, type Resident } from "./fido-state.ts";

/** A credential that the key can use. */
export interface Usable {
  readonly id: Uint8Array;
  readonly privateKey: Uint8Array;
  readonly protection: Protection;
  /** Where it is kept on the key. */
  readonly resident?: Resident;
}

/** Most ids that are read in a list; more than getInfo promises is refused by CTAP itself elsewhere. */
const MOST_IDS = 64;

/** What authenticator data names a relying party by: 32 bytes. */
export function rpIdHashOf(rpId: string): Uint8Array {
  return sha256(utf8(rpId));
}

/** Ids of a list of credential descriptors (host-controlled); other types are passed over. */
export function readDescriptors(fields: CtapFields, key: number): readonly Uint8Array[] | undefined {
  if (!fields.has(key)) return undefined;
  return fields.list(key, MOST_IDS).flatMap((item) => {
    const descriptor = new CtapFields("credential descriptor", item);
    const type = descriptor.text("type", 64);
    const id = descriptor.bytes("id", 0, MAX_CREDENTIAL_ID);
    return type === "public-key" ? [id] : [];
  });
}

/** The credential with this id under this RP. */
export function findCredential(state: FidoState, rpId: string, id: Uint8Array): Usable | undefined {
  const resident = state.residents.find((held) => held.rpId === rpId && equalBytes(held.id, id));
  if (resident !== undefined) return usableOf(resident);
  const wrapped = unwrapCredential(state.wrapKey, rpIdHashOf(rpId), id);
  return wrapped === undefined ? undefined : { id, ...wrapped };
}

/** What a request may use: of the named ones, or else those kept for the RP, the newest first. */
export function usableCredentials(
  state: FidoState,
  request: { readonly rpId: string; readonly allow: readonly Uint8Array[] | undefined; readonly verified: boolean },
): readonly Usable[] {
  const { rpId, allow, verified } = request;
  if (allow === undefined || allow.length === 0) {
    const residents = state.residents.filter((held) => held.rpId === rpId).toReversed();
    return residents.map(usableOf).filter(({ protection }) => verified || protection === Protection.OPTIONAL);
  }
  const named = allow.flatMap((id) => findCredential(state, rpId, id) ?? []);
  return named.filter(({ protection }) => verified || protection !== Protection.REQUIRED).slice(0, 1);
}

/** A descriptor for an answer. */
export function descriptorOf(id: Uint8Array): CtapMap {
  return new Map<string, Uint8Array | string>([
    ["id", id],
    ["type", "public-key"],
  ]);
}

/** Whether this key has one of `exclude` and may admit it. */
export function isExcluded(state: FidoState, rpId: string, exclude: readonly Uint8Array[], verified: boolean): boolean {
  return exclude.some((id) => {
    const held = findCredential(state, rpId, id);
    return held !== undefined && (verified || held.protection !== Protection.REQUIRED);
  });
}

/** The refusal of who has nothing for this relying party. */
export function noCredentials(): CtapError {
  return new CtapError(CtapStatus.NO_CREDENTIALS, "no credential for this");
}

function usableOf(resident: Resident): Usable {
  const { id, privateKey, protection } = resident;
  return { id, privateKey, protection, resident };
}
