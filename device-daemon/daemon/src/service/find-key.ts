import type { AttachedCountersign, AttachedKey } from "../key/attached-key.ts";
import type { KeyRegistry } from "../key/key-registry.ts";
import { Failure } from "./failure.ts";

/** The key of this local name; with an empty name the only one that is plugged in. */
export function findKey(registry: KeyRegistry, deviceId: string): AttachedKey {
  const keys = registry.list();
  const named = deviceId === "" ? keys : keys.filter((attached) => attached.deviceId === deviceId);
  const [found, another] = named;
  if (another !== undefined) {
    const names = keys.map((attached) => attached.deviceId).join(", ");
    throw new Failure("SEVERAL_KEYS", `several keys are plugged in (${names}); name one in device_id`, {
      field: "device_id",
    });
  }
  if (found !== undefined) return found;
  const [fix] = registry.denied();
  if (fix !== undefined && keys.length === 0) throw new Failure("KEY_PERMISSION", fix);
  throw new Failure("NO_KEY", deviceId === "" ? "no key is plugged in" : `key ${deviceId} is not plugged in`);
}

/** As `findKey`, for what a FIDO2 key cannot do. */
export function findCountersignKey(registry: KeyRegistry, deviceId: string): AttachedCountersign {
  const found = findKey(registry, deviceId);
  if (found.kind === "countersign") return found;
  throw new Failure("BAD_REQUEST", `${found.deviceId} is a FIDO2 key, which cannot do this; name another key`, {
    field: "device_id",
  });
}
