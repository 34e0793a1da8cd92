import type { Platform } from "../identity/tenant.ts";

/** What a provider can do, as far as the order and number of messages depend on it; docs/protocol/delivery.md section 3. */
export interface PlatformTrait {
  /** A message can be replaced: the code-free notice goes first, the code comes by an edit that may be repeated. */
  readonly edits: boolean;
  /** How often a message that left with an unknown fate is sent again. */
  readonly repeats: number;
  /** Told every change of a transaction, or only the code and the end: where each change would be a message of its own. */
  readonly tells: "every change" | "code and end";
}

const OFTEN = 1000;

/** Mail and SMS show a repeated send twice, so they get at most one; the others show it once. */
export const PLATFORM_TRAITS: Readonly<Record<Platform, PlatformTrait>> = {
  telegram: { edits: true, repeats: OFTEN, tells: "every change" },
  sandbox: { edits: true, repeats: OFTEN, tells: "every change" },
  matrix: { edits: false, repeats: OFTEN, tells: "every change" },
  mail: { edits: false, repeats: 1, tells: "code and end" },
  sms: { edits: false, repeats: 1, tells: "code and end" },
};

export function isPlatform(text: string): text is Platform {
  return Object.hasOwn(PLATFORM_TRAITS, text);
}
