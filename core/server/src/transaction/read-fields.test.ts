import { Label, type Field } from "@countersign/protocol";
import { Field as FieldMessage } from "@countersign/proto/node/core/v1/content";
import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { readFields } from "./read-fields.ts";
import { fieldMessage } from "./transaction-message.ts";

const amount = fc.record({
  currency: fc.constantFrom("EUR", "JPY", "BTC"),
  minorUnits: fc.bigInt({ min: 0n, max: 10n ** 30n - 1n }),
});
const account = fc.oneof(
  fc.record({ iban: fc.string() }),
  fc.record({ other: fc.string() }),
  fc.constant({ notGiven: true as const }),
);
const value = fc.oneof(
  fc.record({ type: fc.constant("text" as const), text: fc.string() }),
  fc.record({ type: fc.constant("amount" as const), amount }),
  fc.record({ type: fc.constant("account" as const), account }),
  fc.record({ type: fc.constant("payment" as const), amount, account, payee: fc.string() }),
  fc.record({ type: fc.constant("date" as const), date: fc.string() }),
  fc.record({ type: fc.constant("count" as const), count: fc.nat() }),
  fc.record({ type: fc.constant("digest" as const), digest: fc.uint8Array({ minLength: 32, maxLength: 32 }) }),
);

test("check 08: typed fields survive the wire both ways", () => {
  fc.assert(
    fc.property(fc.array(value, { maxLength: 24 }), (values) => {
      const fields: Field[] = values.map((one) => ({ label: Label.REFERENCE, value: one }));
      const wire = fields.map((field) => FieldMessage.decode(FieldMessage.encode(fieldMessage(field)).finish()));
      expect(readFields(wire)).toEqual(fields);
    }),
  );
});
