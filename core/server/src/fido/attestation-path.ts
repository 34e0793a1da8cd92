// Whether a trusted root vouches for an attestation: X.509 by node:crypto, offline. The library's own check would fetch
// revocation lists from wherever a certificate says (docs/decisions/0016).
import { X509Certificate } from "node:crypto";
import type { FidoRoot } from "../policy/policy.ts";
import type { UnixMs } from "../store/entity.ts";

/** More than any key sends: leaf, two or three authorities. */
const LONGEST_CHAIN = 6;

/**
 * The root that the chain of certificates leads to, each one issued by the next and all of them valid now. `x5c` is in
 * DER, the signer of the attestation first; attacker-controlled. A root that names an AAGUID vouches for that model alone.
 */
export function findRoot(
  x5c: readonly Uint8Array[],
  { roots, aaguid, now }: { readonly roots: readonly FidoRoot[]; readonly aaguid: string; readonly now: UnixMs },
): FidoRoot | undefined {
  if (x5c.length === 0 || x5c.length > LONGEST_CHAIN) return undefined;
  const chain = parseAll(x5c);
  if (chain === undefined || !chain.every((one) => isValid(one, now))) return undefined;
  const linked = chain.every((one, i) => i === 0 || issued(one, chain[i - 1]!));
  const last = chain.at(-1);
  if (!linked || last === undefined) return undefined;
  return roots.find((root) => {
    if (root.aaguid !== undefined && root.aaguid !== aaguid) return false;
    const anchor = new X509Certificate(root.certificate);
    return isValid(anchor, now) && (anchor.raw.equals(last.raw) || issued(anchor, last));
  });
}

/**
 * The certificates of exactly these bytes. OpenSSL looks for PEM before it looks for DER, and past neither's end: bytes
 * that hold a stranger's certificate for whoever verified the attestation could hold a genuine one for us.
 */
function parseAll(x5c: readonly Uint8Array[]): X509Certificate[] | undefined {
  try {
    const chain = x5c.map((der) => new X509Certificate(der));
    return chain.every(({ raw }, i) => raw.equals(x5c[i]!)) ? chain : undefined;
  } catch {
    return undefined;
  }
}

function issued(authority: X509Certificate, one: X509Certificate): boolean {
  return authority.ca && one.checkIssued(authority) && one.verify(authority.publicKey);
}

function isValid({ validFromDate, validToDate }: X509Certificate, now: UnixMs): boolean {
  return validFromDate.getTime() <= now && now <= validToDate.getTime();
}
