import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { ROOT } from "@countersign/testing";

const proto = readFileSync(join(ROOT, "proto/countersign/device/v1/device_service.proto"), "utf8");

/** "AnswerRequest.code" for every field of every message. */
function fieldsOf(source: string): string[] {
  const bare = source.replaceAll(/\/\/.*$/gm, "");
  const messages = bare.matchAll(/message (\w+) \{((?:[^{}]|\{[^{}]*\})*)\}/g);
  return [...messages].flatMap(([, message, body]) =>
    [...(body ?? "").matchAll(/^\s*(?:repeated )?[\w.]+ (\w+) = \d+;/gm)].map(([, field]) => `${message}.${field}`),
  );
}

test("D13: no RPC has room for a PIN, and the code goes into Answer alone", () => {
  const fields = fieldsOf(proto);
  expect(fields.length).toBeGreaterThan(30);
  expect(fields.filter((field) => /pin(?!_set|_retries)/i.test(field.split(".")[1] ?? ""))).toEqual([]);
  expect(fields.filter((field) => /code|secret|password/i.test(field.split(".")[1] ?? ""))).toEqual([
    "AnswerRequest.code",
  ]);
});
