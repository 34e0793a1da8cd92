import { checkGlyphs, ProtocolError, REGISTRY_VERSION, type Line } from "@countersign/protocol";
import type { Key } from "../identity/key.ts";

export interface Unshowable {
  /** Of the request: `fields[2]`. */
  readonly field: string;
  readonly rule: string;
}

/** What a key cannot show of these lines, by the registry and the glyphs it attested at enrolment; undefined: nothing. */
export function canShow(
  key: Pick<Key, "hasDisplay" | "glyphs" | "registryVersion">,
  lines: readonly Line[],
): Unshowable | undefined {
  if (!key.hasDisplay) return undefined;
  if (key.registryVersion < REGISTRY_VERSION) {
    return {
      field: "kind",
      rule: `the key knows registry version ${key.registryVersion}, this needs ${REGISTRY_VERSION}; update the key`,
    };
  }
  try {
    checkGlyphs(lines, key.glyphs);
    return undefined;
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return { field: (error.field ?? "lines").replace("lines[", "fields["), rule: error.message };
  }
}
