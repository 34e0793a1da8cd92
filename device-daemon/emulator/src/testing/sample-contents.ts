import { readFileSync } from "node:fs";
import { type Content, type Field, Kind, kindName, Label, renderFields } from "@countersign/protocol";

/** Content with a name for its golden screens. */
export interface Sample {
  readonly name: string;
  readonly content: Content;
}

const DIGEST = Uint8Array.from({ length: 32 }, (_, at) => at);

// One transaction of each kind that a core makes or an app asks for, as they come in practice.
const FIELDS: Readonly<Record<Kind, readonly Field[]>> = {
  [Kind.PAY]: [
    { label: Label.AMOUNT, value: { type: "amount", amount: { currency: "EUR", minorUnits: 125_000n } } },
    text(Label.TO, "Müller GmbH"),
    { label: Label.ACCOUNT, value: { type: "account", account: { iban: "DE89370400440532013000" } } },
    text(Label.REFERENCE, "Invoice 2026-114"),
  ],
  [Kind.TRANSFER]: [
    { label: Label.AMOUNT, value: { type: "amount", amount: { currency: "PLN", minorUnits: 1_234_567_89n } } },
    { label: Label.ACCOUNT, value: { type: "account", account: { iban: "PL61109010140000071219812874" } } },
    text(Label.TO, "Paweł Łukasiewicz"),
  ],
  [Kind.DEPLOY]: [
    text(Label.TARGET, "prod-eu"),
    text(Label.VERSION, "v2026.11.3-rc.1+build.7841"),
    { label: Label.DIGEST, value: { type: "digest", digest: DIGEST } },
  ],
  [Kind.RUN]: [
    text(Label.HOST, "db1.example.com"),
    text(Label.USER, "root"),
    text(Label.COMMAND, "/usr/local/sbin/rotate-keys"),
    text(Label.ARGUMENT, "--all"),
    text(Label.ARGUMENT, "--reason=incident 2026-114 as agreed with the owner of the system"),
    { label: Label.DIGEST, value: { type: "digest", digest: DIGEST } },
  ],
  [Kind.GRANT]: [text(Label.ROLE, "auditor"), text(Label.TO, "Đorđe Petrović")],
  [Kind.LOGIN]: [text(Label.HOST, "vpn.example.com"), text(Label.USER, "ada")],
  [Kind.SIGN]: [
    text(Label.PURPOSE, "Annual report 2026"),
    { label: Label.DIGEST, value: { type: "digest", digest: DIGEST } },
  ],
  [Kind.APPROVE]: [
    text(Label.ACTION, "Raise the limit"),
    { label: Label.LIMIT, value: { type: "amount", amount: { currency: "EUR", minorUnits: 5_000_000n } } },
    { label: Label.VALID_UNTIL, value: { type: "date", date: "2026-12-31" } },
  ],
  [Kind.LINK]: [text(Label.CHANNEL, "telegram"), text(Label.ADDRESS, "@mueller_gmbh (601234567)")],
  [Kind.UNLINK]: [text(Label.CHANNEL, "matrix"), text(Label.ADDRESS, "@ada:example.org")],
  [Kind.ENROL]: [
    text(Label.PURPOSE, "New key"),
    text(Label.DETAIL_1, "EMU-00A7"),
    text(Label.DETAIL_2, "0f3a 91c2 77de 04b1"),
  ],
  [Kind.REVOKE]: [text(Label.PURPOSE, "Lost"), text(Label.DETAIL_1, "EMU-0001")],
  [Kind.THAW]: [text(Label.ACTION, "Thaw confirmations")],
  [Kind.ADMIN]: [
    text(Label.ACTION, "Set policy of tenant acme"),
    { label: Label.DIGEST, value: { type: "digest", digest: DIGEST } },
  ],
};

function text(label: Label, value: string): Field {
  return { label, value: { type: "text", text: value } };
}

/** One of each kind. */
export const KIND_SAMPLES: readonly Sample[] = Object.values(Kind).map((kind) => ({
  name: kindName(kind).toLowerCase().replaceAll(" ", "-"),
  content: { version: 1, issuer: "Acme Bank", kind, lines: renderFields(kind, FIELDS[kind]) },
}));

type Rows = readonly (readonly [Label, string])[];

/** Each payment file of examples/bank; a scenario test holds the lines to the files. */
export function bankSamples(folder: URL): readonly Sample[] {
  const files = JSON.parse(readFileSync(new URL("bank.json", folder), "utf8")) as Record<string, Rows>;
  return Object.entries(files).map(([file, rows]) => ({
    name: `bank-${file.replace(/\.xml$/, "")}`,
    content: {
      version: 1,
      issuer: "Sparkasse Überlingen",
      kind: Kind.PAY,
      lines: rows.map(([label, value]) => ({ label, value })),
    },
  }));
}
