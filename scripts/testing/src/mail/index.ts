export { openSmtpdPresent, startOpenSmtpd, type OpenSmtpd } from "./opensmtpd.ts";
export { opensslPresent, selfSigned, type SelfSigned } from "./self-signed.ts";
