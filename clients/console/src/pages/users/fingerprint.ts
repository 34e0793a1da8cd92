/** A fingerprint as the core takes it, of one that was typed in groups, in capitals or with hyphens. */
export function fingerprintOf(typed: string): string {
  return typed.replace(/[\s-]/g, "").toLowerCase();
}
