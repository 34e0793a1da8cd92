import { expect, test } from "@jest/globals";
import smpp, { type Pdu } from "smpp";
import { cString } from "../testing/pdu.ts";
import { formsOfId, readDeliveryReport } from "./delivery-report.ts";

function deliverSm(text: string, more: { esmClass?: number; coding?: number; tlvs?: number[] } = {}): Pdu {
  const { esmClass = 4, coding = 0, tlvs = [] } = more;
  const body = [
    ...[0, 1, 1, ...cString("4915112345678"), 5, 0, ...cString("Acme"), esmClass],
    ...[0, 0, 0, 0, 0, 0, coding, 0, text.length, ...Buffer.from(text, "latin1"), ...tlvs],
  ];
  const bytes = Buffer.alloc(16 + body.length);
  for (const [at, word] of [bytes.length, 5, 0, 7].entries()) bytes.writeUInt32BE(word, at * 4);
  bytes.set(body, 16);
  return new (smpp.PDU as unknown as new (bytes: Uint8Array) => Pdu)(bytes);
}

const said = (stat: string, id: string = "42"): string =>
  `id:${id} sub:001 dlvrd:001 submit date:2611221330 done date:2611221331 stat:${stat} err:000 text:Code: 482 915`;

test.each([
  ["DELIVRD", true],
  ["delivrd", true],
  ["DELIVERED", undefined],
  ["EXPIRED", false],
  ["DELETED", false],
  ["UNDELIV", false],
  ["UNDELIVERABLE", false],
  ["REJECTD", false],
  ["FAILED", false],
  ["ENROUTE", undefined],
  ["ACCEPTD", undefined],
  ["UNKNOWN", undefined],
  ["BUFFERED", undefined],
])("stat:%s", (stat, reached) => {
  expect(readDeliveryReport(deliverSm(said(stat)))).toEqual({ messageId: "42", from: "+4915112345678", reached });
});

test.each([...["0", "000123", "1A2B3C4D", "550e8400-e29b-41d4-a716-446655440000", "a_b@c$d[e]", "x".repeat(65)]])(
  "the id %s is read as it is written",
  (id) => {
    expect(readDeliveryReport(deliverSm(said("DELIVRD", id)))?.messageId).toBe(id);
  },
);

test("optional parameters go before the text", () => {
  const tlvs = [0x00, 0x1e, 0, 3, ...cString("77"), 0x04, 0x27, 0, 1, 5];
  expect(readDeliveryReport(deliverSm(said("DELIVRD"), { tlvs }))).toMatchObject({ messageId: "77", reached: false });
  expect(readDeliveryReport(deliverSm("", { tlvs }))).toMatchObject({ messageId: "77", reached: false });
});

test("words inside text: are nobody's verdict", () => {
  const text = "id:1 stat:ENROUTE text:x stat:DELIVRD";
  expect(readDeliveryReport(deliverSm(text))?.reached).toBeUndefined();
});

test.each([
  ["a text that a person sent", deliverSm("hello", { esmClass: 0 })],
  ["a text of his that looks like a receipt", deliverSm(said("DELIVRD"), { esmClass: 0 })],
  ["a receipt without id", deliverSm("stat:DELIVRD")],
  ["another kind of receipt", deliverSm(said("DELIVRD"), { esmClass: 0x10 })],
])("%s is no report", (_what, pdu) => {
  expect(readDeliveryReport(pdu)).toBeUndefined();
});

test("forms of an id", () => {
  expect(formsOfId("0001A")).toEqual(["0001A", "1A", "26"]);
  expect(formsOfId("26")).toEqual(["26", "38", "1A"]);
  expect(formsOfId("abc-1")).toEqual(["abc-1", "ABC-1"]);
});
