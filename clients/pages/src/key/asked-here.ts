/** Whether a page of this host may ask the browser for these credentials: WebAuthn binds them to a domain. */
export function isAskedHere(fido: { readonly rpId: string } | undefined, hostname: string): boolean {
  if (fido === undefined) return false;
  return hostname === fido.rpId || hostname.endsWith(`.${fido.rpId}`);
}
