/** Of a server whose policy names no relying party: its id, under a name that nobody can own. */
const NATIVE = /^[0-9a-f]{32}\.countersign\.invalid$/;

/**
 * Whether a page may ask for assertions of this relying party: its own host, a domain above that, as in WebAuthn, or a
 * server's native one. A browser also refuses public suffixes; here the key's user has chosen the origin by name.
 */
export function isForPage(origin: string, rpId: string): boolean {
  if (NATIVE.test(rpId)) return true;
  const host = new URL(origin).hostname;
  return host === rpId || (rpId.includes(".") && host.endsWith(`.${rpId}`));
}
