import { Kind, Label } from "@countersign/proto/node/core/v1/content";
import { SAMPLE_LINES } from "./sample.ts";

/** What a transaction may ask, for tests of rendering. */
export interface Content {
  readonly name: string;
  readonly kind: Kind;
  readonly lines: readonly { readonly label: Label; readonly value: string }[];
  /** Its values are words of the frame, the tag or the code: they stand in the text more often than once. */
  readonly collides: boolean;
}

const content = (name: string, kind: Kind, lines: Content["lines"], collides: boolean = false): Content => ({
  name,
  kind,
  lines,
  collides,
});

/** Legal values that are hard on a renderer: other scripts, large numbers, signs, and what looks like the message itself. */
export const PAYMENTS: readonly Content[] = [
  content("signs", Kind.PAY, SAMPLE_LINES),
  content("scripts", Kind.PAY, [
    { label: Label.AMOUNT, value: "EUR 1 250.00" },
    { label: Label.TO, value: "شركة النور للتجارة" },
    { label: Label.REFERENCE, value: "株式会社 山田 請求書" },
  ]),
  content("large", Kind.TRANSFER, [
    { label: Label.AMOUNT, value: "JPY 999 999 999 999 999 999" },
    { label: Label.TO, value: "Müller GmbH" },
    { label: Label.ACCOUNT, value: "DE89 3704 0044 0532 0130 00" },
    { label: Label.DIGEST, value: "9c1e".repeat(16) },
  ]),
  content(
    "code",
    Kind.PAY,
    [
      { label: Label.AMOUNT, value: "EUR 482 915.00" },
      { label: Label.TO, value: "Shop 482915" },
      { label: Label.REFERENCE, value: "Code 482 915" },
    ],
    true,
  ),
  content(
    "words",
    Kind.PAY,
    [
      { label: Label.AMOUNT, value: "EUR 1.00" },
      { label: Label.TO, value: "Amount" },
      { label: Label.REFERENCE, value: "AMBER TIGER" },
      { label: Label.PURPOSE, value: "Confirmation waiting" },
    ],
    true,
  ),
];

/** What the core asks on its own account. */
export const CORE_MADE: readonly Content[] = [
  content("link", Kind.LINK, [
    { label: Label.CHANNEL, value: "matrix" },
    { label: Label.ADDRESS, value: "@eve:home.example" },
    { label: Label.DETAIL_1, value: "Eve Müller" },
  ]),
  content("unlink", Kind.UNLINK, [
    { label: Label.CHANNEL, value: "sms" },
    { label: Label.ADDRESS, value: "+4915112345678" },
  ]),
  content("enrol", Kind.ENROL, [
    { label: Label.PURPOSE, value: "A further key that signs for you" },
    { label: Label.DETAIL_1, value: "CS-1 0001" },
    { label: Label.DETAIL_2, value: "7F3A 91C2 0B4D 11EE" },
  ]),
  content("revoke", Kind.REVOKE, [
    { label: Label.PURPOSE, value: "End this key for good" },
    { label: Label.DETAIL_1, value: "CS-1 0001" },
  ]),
  content("thaw", Kind.THAW, [{ label: Label.ACTION, value: "Allow confirmations again" }]),
];
