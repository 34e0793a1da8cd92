import { expect, test } from "@jest/globals";
import { hidErrorName } from "./command.ts";
import { decodeInitAnswer, encodeInitAnswer } from "./init.ts";
import { decodeKeepalive, encodeKeepalive, WaitsFor } from "./keepalive.ts";
import { Status, statusName } from "./status.ts";

test.each(Object.values(WaitsFor))("keepalive sub-state %i comes back", (waitsFor) => {
  expect(decodeKeepalive(encodeKeepalive(waitsFor))).toBe(waitsFor);
});

test("only computing is said as processing, everything else needs the user", () => {
  const first = Object.values(WaitsFor).map((waitsFor) => [waitsFor, encodeKeepalive(waitsFor)[0]]);
  expect(first).toEqual(Object.values(WaitsFor).map((waitsFor) => [waitsFor, waitsFor === WaitsFor.COMPUTING ? 1 : 2]));
});

test("a FIDO2 key's one byte says touch or computing", () => {
  expect(decodeKeepalive(Uint8Array.of(1))).toBe(WaitsFor.COMPUTING);
  expect(decodeKeepalive(Uint8Array.of(2))).toBe(WaitsFor.TOUCH);
});

test.each([[[]], [[3]], [[2, 0]], [[2, 99]]])("keepalive %j says nothing that this version knows", (payload) => {
  expect(decodeKeepalive(Uint8Array.from(payload))).toBeUndefined();
});

test("an INIT answer comes back, and may be longer in later versions", () => {
  const answer = {
    nonce: new Uint8Array(8).fill(7),
    channel: 0xdeadbeef,
    version: [1, 2, 3],
    capabilities: 9,
  } as const;
  const bytes = encodeInitAnswer(answer);
  expect(bytes).toHaveLength(17);
  expect(decodeInitAnswer(bytes)).toEqual(answer);
  expect(decodeInitAnswer(Uint8Array.of(...bytes, 1, 2))).toEqual(answer);
  expect(() => decodeInitAnswer(bytes.subarray(1))).toThrow(expect.objectContaining({ code: "bad-init" }));
});

test("statuses and errors have names; foreign bytes have a number", () => {
  expect(Object.values(Status)).toEqual([...Array(16).keys()]);
  expect(statusName(Status.PIN_BLOCKED)).toBe("PIN_BLOCKED");
  expect(statusName(99)).toBeUndefined();
  expect(hidErrorName(6)).toBe("CHANNEL_BUSY");
  expect(hidErrorName(0x42)).toBe("error 0x42");
});
