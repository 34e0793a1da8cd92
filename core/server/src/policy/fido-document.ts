// Members of the policy document that are about FIDO2 keys. docs/protocol/policy.md section 5
import { X509Certificate } from "node:crypto";
import * as v from "valibot";
import { listOf } from "./list-of.ts";
import type { FidoRoot, WebauthnPolicy } from "./policy.ts";

const DOMAIN = /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/;
const MOST_PEM = 8192;

/** A model of FIDO2 keys. */
export const aaguid: v.GenericSchema<unknown, string> = v.pipe(
  v.string(),
  v.regex(
    /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/,
    "must be an AAGUID: a UUID in lower-case hexadecimal digits",
  ),
  v.check((text) => /[1-9a-f]/.test(text), "must not be zeros: such keys do not tell their model"),
);

const rpId = v.pipe(
  v.string(),
  v.regex(DOMAIN, "must be a domain such as bank.example, or localhost"),
  v.check((text) => /[a-z]/.test(text.split(".").at(-1) ?? ""), "must be a domain, not an address"),
);

const origin = v.pipe(v.string(), v.check(isOrigin, "must be an origin such as https://pay.bank.example"));

/** Web pages that may ask a FIDO2 key. */
export const webauthn: v.GenericSchema<unknown, WebauthnPolicy> = v.pipe(
  v.strictObject({
    rpId: v.optional(rpId),
    origins: v.optional(listOf(origin, 64), []),
    passkeys: v.optional(v.picklist(["refused", "allowed"], "must be refused or allowed"), "refused"),
  }),
  v.forward(
    v.check(
      ({ rpId: domain, origins }) => origins.every((one) => domain !== undefined && isWithin(one, domain)),
      "must all be pages of rpId or of a domain below it",
    ),
    ["origins"],
  ),
);

/** Who vouches for FIDO2 keys. */
export const fidoRoot: v.GenericSchema<unknown, FidoRoot> = v.strictObject({
  certificate: v.pipe(
    v.string(),
    v.maxLength(MOST_PEM, `must be at most ${MOST_PEM} characters`),
    v.check(isCertificate, "must be one X.509 certificate in PEM"),
  ),
  aaguid: v.optional(aaguid),
  // Stands in the lines of an ENROL, which take safe text alone.
  model: v.optional(
    v.pipe(
      v.string(),
      v.regex(
        /^(?=.{1,64}$)[!-~]+(?: [!-~]+)*$/,
        "must be 1 to 64 printable ASCII characters, words parted by one space",
      ),
    ),
  ),
});

function isOrigin(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || url.origin !== text || !DOMAIN.test(url.hostname)) return false;
  return url.protocol === "https:" || (url.protocol === "http:" && url.hostname === "localhost");
}

function isWithin(text: string, domain: string): boolean {
  const hostname = URL.parse(text)?.hostname ?? "";
  return hostname === domain || hostname.endsWith(`.${domain}`);
}

function isCertificate(pem: string): boolean {
  try {
    const blocks = pem.split("-----BEGIN CERTIFICATE-----").length - 1;
    return blocks === 1 && new X509Certificate(pem).raw.length > 0;
  } catch {
    return false;
  }
}
