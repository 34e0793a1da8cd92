// Payment files of ISO 20022 (pain.001.001.03 and .09) as what a person confirms. No Node here: pages read them, too.
// docs/how-to/payment-files.md
export { PaymentFileError } from "./finding.ts";
export type { Payment, PaymentFile, PaymentGroup } from "./payment-file.ts";
export { readPaymentFile, type PaymentOrder } from "./read-payment-file.ts";
export { CAPS } from "./xml-reader.ts";
