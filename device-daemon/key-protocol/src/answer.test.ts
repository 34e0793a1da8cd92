import { readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { fromHex, toHex } from "@countersign/protocol";
import { decodeAnswer, describeRefused, encodeCodeAnswer, encodeRefused, type Refused } from "./answer.ts";
import { decodeKeyInfo, encodeKeyInfo, type KeyInfo } from "./key-info.ts";
import { decodeKeyList, encodeKeyList } from "./key-list.ts";
import { MAX_MESSAGE } from "./report.ts";
import { decodeSigned, encodeSigned } from "./signed-answer.ts";
import { Status } from "./status.ts";

type Vectors = {
  readonly accept: { name: string; message: string; answer: { status: Status; answers?: number } }[];
  readonly reject: { name: string; message: string }[];
  readonly info: {
    readonly accept: { name: string; body: string; info: KeyInfo }[];
    readonly reject: { name: string; body: string }[];
  };
};

const vectors = JSON.parse(readFileSync(new URL("../vectors/answer.json", import.meta.url), "utf8")) as Vectors;
const refusals = vectors.accept.filter(({ answer }) => answer.status !== Status.OK && answer.answers === undefined);
const codeAnswers = vectors.accept.filter(({ answer }) => answer.answers !== undefined);

describe("vectors/answer.json", () => {
  test.each(vectors.accept)("reads $name", ({ message, answer }) => {
    expect(decodeAnswer(fromHex(message))).toMatchObject(answer);
  });

  test.each(refusals)("writes $name", ({ message, answer }) => {
    expect(toHex(encodeRefused(answer as Refused))).toBe(message);
  });

  test.each(codeAnswers)("writes $name", ({ message, answer }) => {
    expect(toHex(encodeCodeAnswer(answer.status))).toBe(message);
  });

  test.each(vectors.reject)("refuses $name", ({ message }) => {
    expect(() => decodeAnswer(fromHex(message))).toThrow(expect.objectContaining({ name: "WireError" }));
  });

  test.each(vectors.info.accept)("knows $name", ({ body, info }) => {
    expect(decodeKeyInfo(fromHex(body))).toEqual(info);
    expect(toHex(encodeKeyInfo(info))).toBe(body);
  });

  test.each(vectors.info.reject)("refuses key info with $name", ({ body }) => {
    expect(() => decodeKeyInfo(fromHex(body))).toThrow(expect.objectContaining({ name: "WireError" }));
  });
});

test("an answer that a device made longer than one message is refused", () => {
  expect(() => decodeAnswer(new Uint8Array(MAX_MESSAGE + 1))).toThrow(expect.objectContaining({ name: "WireError" }));
});

test("a refusal always fits into one message, whatever field and rule are called", () => {
  const long = { status: Status.UNRENDERABLE, field: "f".repeat(5000), rule: "r".repeat(5000) } as const;
  expect(encodeRefused(long).length).toBeLessThan(MAX_MESSAGE);
});

test("what a device calls its rule is quoted in descriptions, so that it cannot break a log line", () => {
  const said = describeRefused({ status: Status.UNRENDERABLE, field: "a\nb", rule: "\u001b[31m" });
  expect(said).toBe('UNRENDERABLE, "a\\nb": "\\u001b[31m"');
});

test("signed answers and key lists come back as they went", () => {
  expect(decodeSigned(encodeSigned(Uint8Array.of(1, 2)))).toEqual(Uint8Array.of(1, 2));
  const list = { total: 20, keys: [{ keyId: new Uint8Array(16).fill(1), serverId: new Uint8Array(16).fill(2) }] };
  expect(decodeKeyList(encodeKeyList(list))).toEqual(list);
});

test("a key list with an id of another length is refused", () => {
  const list = { total: 1, keys: [{ keyId: new Uint8Array(15), serverId: new Uint8Array(16) }] };
  expect(() => decodeKeyList(encodeKeyList(list))).toThrow(expect.objectContaining({ name: "WireError" }));
});
