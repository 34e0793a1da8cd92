import type { AuditHeadsConfig } from "../audit/audit-heads.ts";
import { refusal } from "./settings.ts";

/** Without TLS heads go to hosts alone that are named: they are signed, but whoever is in between may keep them back. */
export function auditHeadsOf({ url, allow, ...rest }: AuditHeadsConfig): AuditHeadsConfig {
  if (url === undefined && allow.length > 0) throw refusal("auditHeadsAllow", "is needed beside auditHeadsUrl only");
  if (url === undefined) return { ...rest, allow };
  const { protocol, hostname } = new URL(url);
  const name = hostname.replace(/^\[(.*)\]$/, "$1");
  if (protocol === "http:" && !allow.includes(name))
    throw refusal("auditHeadsUrl", `is http://: give https://, or name ${name} in auditHeadsAllow`);
  return { ...rest, url, allow };
}
