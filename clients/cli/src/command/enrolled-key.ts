import { KeyServiceListRequest, KeyState, KeyType, type Key } from "@countersign/proto/node/core/v1/key_service";
import { call, type CoreConnection } from "@countersign/sdk";
import { refused } from "../cli-error.ts";
import { printable } from "../output/printable.ts";

/** Words of the core's numbers, for people and for --json. */
export const KEY_STATES: Readonly<Record<number, string>> = {
  [KeyState.PROVISIONAL]: "PROVISIONAL",
  [KeyState.ACTIVE]: "ACTIVE",
  [KeyState.REVOKED]: "REVOKED",
};
export const KEY_TYPES: Readonly<Record<number, string>> = {
  [KeyType.COUNTERSIGN]: "COUNTERSIGN",
  [KeyType.FIDO2]: "FIDO2",
  [KeyType.PASSKEY]: "PASSKEY",
};

export async function enrolledKeys(core: CoreConnection, userId: string): Promise<Key[]> {
  return (await call(core.keys.list.bind(core.keys), KeyServiceListRequest.create({ userId }), core)).keys;
}

/** The id of a key by what people have at hand: its id, the beginning of it, its name, or its serial. */
export async function findKeyId(core: CoreConnection, userId: string, wanted: string): Promise<string> {
  // Anybody may know the id of any key, and a list that fails must not stand between him and a revocation.
  if (/^[0-9a-f]{32}$/.test(wanted)) return wanted;
  const keys = (await enrolledKeys(core, userId)).filter(({ state }) => state !== KeyState.REVOKED);
  const found = keys.filter(({ keyId, name, serial }) => {
    const isBeginning = wanted.length >= 4 && keyId.startsWith(wanted.toLowerCase());
    return isBeginning || name === wanted || (serial !== "" && serial === wanted);
  });
  const [only] = found;
  if (only !== undefined && found.length === 1) return only.keyId;
  const why = found.length === 0 ? "no key of the user is called that" : "several keys of the user are called that";
  const known = keys.map(({ keyId, name, serial }) => printable(`${keyId} (${name || serial})`)).join(", ");
  throw refused(`"${printable(wanted)}": ${why}; name one of ${known || "none, he has no key"}`);
}
