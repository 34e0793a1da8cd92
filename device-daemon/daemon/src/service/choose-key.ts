import type { AttachedCountersign, AttachedFido } from "../key/attached-key.ts";
import type { KeyRegistry } from "../key/key-registry.ts";
import { Failure } from "./failure.ts";
import { findKey } from "./find-key.ts";

/** What a request can be done with. */
export interface Accepted {
  readonly countersign: boolean;
  readonly fido2: boolean;
}

/** One Countersign key, or the FIDO2 keys of which the touched one does it. */
export type Chosen =
  | { readonly kind: "countersign"; readonly key: AttachedCountersign }
  | { readonly kind: "fido2"; readonly keys: readonly [AttachedFido, ...AttachedFido[]] };

/**
 * The key of this local name; with an empty name the only one of those that can do it, or all of them where they are FIDO2
 * keys: a touch then tells which. Throws Failure NO_KEY, SEVERAL_KEYS, KEY_PERMISSION, BAD_REQUEST.
 */
export function chooseKey(registry: KeyRegistry, deviceId: string, accepted: Accepted): Chosen {
  const able = registry.list().filter(({ kind }) => accepted[kind]);
  const [first, ...rest] = able.filter((each): each is AttachedFido => each.kind === "fido2");
  if (deviceId === "" && first !== undefined && able.length === rest.length + 1)
    return { kind: "fido2", keys: [first, ...rest] };
  const [only, another] = able;
  const found = deviceId === "" && only !== undefined && another === undefined ? only : findKey(registry, deviceId);
  if (!accepted[found.kind]) throw notAble(found);
  return found.kind === "fido2" ? { kind: "fido2", keys: [found] } : { kind: "countersign", key: found };
}

function notAble({ deviceId, kind }: AttachedCountersign | AttachedFido): Failure {
  const what =
    kind === "fido2"
      ? "a FIDO2 key, and the request names no FIDO2 credential"
      : "a Countersign key, and the request is for a FIDO2 key";
  return new Failure("BAD_REQUEST", `${deviceId} is ${what}; name another key`, { field: "device_id" });
}
