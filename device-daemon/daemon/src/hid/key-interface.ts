import { COUNTERSIGN_USAGE_PAGE, FIDO_USAGE_PAGE, KEY_USAGE } from "@countersign/key-protocol";
import type { KeyKind } from "../key/attached-key.ts";
import type { ListedInterface } from "./hid-api.ts";

/** An interface that a key is spoken to on. */
export interface KeyInterface {
  readonly path: string;
  readonly kind: KeyKind;
  /** Interfaces with the same word belong to one device. */
  readonly device: string;
}

/**
 * The interfaces that keys are spoken to on, one a device: 0xFF43 of a Countersign key, and 0xF1D0 of every other. The
 * FIDO interface beside 0xFF43 is left to other programs, so that one key is not listed as two.
 *
 * Everything but `deviceOf` is said by the devices themselves. A device can make itself a "Countersign key" and then is
 * sent command 0x59; it gets nothing by it that our own key would not get, and its signature counts for nothing. What
 * it must not do is pass for a part of somebody else's key and so hide it: `deviceOf` decides that, on what the kernel
 * knows wherever it can be asked (device-identity.ts).
 */
export function keyInterfacesOf(
  listed: readonly ListedInterface[],
  deviceOf: (each: ListedInterface) => string,
): readonly KeyInterface[] {
  const ours = keyInterfaces(listed, COUNTERSIGN_USAGE_PAGE, "countersign", deviceOf);
  const taken = new Set(ours.map(({ device }) => device));
  const fido = keyInterfaces(listed, FIDO_USAGE_PAGE, "fido2", deviceOf).filter(({ device }) => !taken.has(device));
  const paths = new Set(ours.map(({ path }) => path));
  return [...ours, ...fido.filter(({ path }) => !paths.has(path))];
}

function keyInterfaces(
  listed: readonly ListedInterface[],
  page: number,
  kind: KeyKind,
  deviceOf: (each: ListedInterface) => string,
): readonly KeyInterface[] {
  const found = new Map<string, KeyInterface>();
  for (const each of listed) {
    // 0xFF43 with other usages belongs to other makers' devices.
    if (each.path === undefined || each.usagePage !== page || each.usage !== KEY_USAGE) continue;
    found.set(each.path, { path: each.path, kind, device: deviceOf(each) });
  }
  return [...found.values()];
}
