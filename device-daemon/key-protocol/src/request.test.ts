import { readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { fromHex, toHex } from "@countersign/protocol";
import fc from "fast-check";
import { decodeRequest, encodeRequest, type KeyRequest } from "./request.ts";
import { Status } from "./status.ts";

type Vectors = {
  readonly accept: { name: string; request: Record<string, unknown>; message: string }[];
  readonly reject: { name: string; message: string; because: keyof typeof Status }[];
};

const vectors = JSON.parse(readFileSync(new URL("../vectors/request.json", import.meta.url), "utf8")) as Vectors;

const HEX = new Set(["keyId", "serverId", "txId", "nonce", "content", "challenge"]);

function fromVector(request: Record<string, unknown>): KeyRequest {
  const entries = Object.entries(request).map(([name, value]) => [
    name,
    HEX.has(name) ? fromHex(String(value)) : value,
  ]);
  return Object.fromEntries(entries) as KeyRequest;
}

describe("vectors/request.json", () => {
  test.each(vectors.accept)("writes $name", ({ request, message }) => {
    expect(toHex(encodeRequest(fromVector(request)))).toBe(message);
  });

  test.each(vectors.accept)("reads $name", ({ request, message }) => {
    expect(decodeRequest(fromHex(message))).toEqual(fromVector(request));
  });

  test.each(vectors.reject)("refuses $name", ({ message, because }) => {
    expect(() => decodeRequest(fromHex(message))).toThrow(
      expect.objectContaining({ name: "WireError", status: Status[because] }),
    );
  });
});

test("D12: a request over 1768 bytes is refused before it is cut into reports", () => {
  const [present] = vectors.accept.filter(({ name }) => name === "present of the longest content");
  const request = fromVector({ ...present?.request, content: "00".repeat(1700) });
  expect(() => encodeRequest(request)).toThrow(expect.objectContaining({ status: Status.TOO_LONG }));
});

test("claim 12: a refused code is in no error message", () => {
  const message = encodeRequest({ subcommand: 11, code: "4829157" });
  message[message.length - 1] = 0x41;
  let said = "";
  try {
    decodeRequest(message);
  } catch (cause) {
    said = String(cause);
  }
  expect(said).toContain("6 to 10 digits");
  expect(said).not.toContain("482915");
});

function decodedOrError(message: Uint8Array): KeyRequest | string {
  try {
    return decodeRequest(message);
  } catch (cause) {
    return cause instanceof Error ? cause.name : "not even an error";
  }
}

test("threat 18: no bytes whatever make the decoder do more than throw WireError, and what it takes it writes back", () => {
  const subcommand = fc.integer({ min: 0, max: 12 });
  fc.assert(
    fc.property(subcommand, fc.uint8Array({ maxLength: 80 }), (first, rest) => {
      const request = decodedOrError(Uint8Array.of(first, ...rest));
      const again = typeof request === "string" ? request : decodedOrError(encodeRequest(request));
      expect(again).toEqual(typeof request === "string" ? "WireError" : request);
    }),
  );
});
