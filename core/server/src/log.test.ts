import { expect, test } from "@jest/globals";
import { Code, macKey } from "@countersign/protocol";
import { EnrolmentDigits } from "./identity/enrolment-digits.ts";
import { openLog, type LogFields, type LogValue } from "./log.ts";

function logged(write: (log: ReturnType<typeof openLog>) => void): Record<string, unknown> {
  const lines: string[] = [];
  write(openLog("debug", { write: (line) => void lines.push(line) }));
  expect(lines).toHaveLength(1);
  return JSON.parse(lines[0] ?? "") as Record<string, unknown>;
}

test("plain fields are written as they are", () => {
  const fields = { text: "a", count: 2, yes: true, big: 10n ** 20n };
  expect(logged((log) => log.info(fields, "said"))).toMatchObject({
    ...fields,
    big: "100000000000000000000",
    message: "said",
  });
});

test("below the level nothing is written", () => {
  const lines: string[] = [];
  openLog("warn", { write: (line) => void lines.push(line) }).info({}, "quiet");
  expect(lines).toEqual([]);
});

test("threat 21: an object that got past the compiler prints as its class", () => {
  const secrets = {
    code: new Code("123456"),
    digits: new EnrolmentDigits("87654321"),
    key: macKey(new Uint8Array(32).fill(9)),
    bytes: new Uint8Array([1, 2, 3]),
    object: { pin: "0000" },
    list: ["123456"],
    nothing: null,
    call: () => "123456",
  };
  const line = logged((log) => log.error(secrets as unknown as LogFields, "odd"));
  expect(line).toMatchObject({
    code: "[Code]",
    digits: "[EnrolmentDigits]",
    bytes: "[Uint8Array]",
    object: "[Object]",
    list: "[Array]",
    call: "[function]",
  });
  expect(JSON.stringify(line)).not.toMatch(/123456|87654321|0000"/);
});

test("threat 21: what looks like a token is masked, in messages, fields, errors and their causes", () => {
  const token = "cs_app_abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";
  const error = new Error(`bad ${token}`, { cause: new Error(token) });
  const line = logged((log) => log.error({ error, at: `x ${token} y` satisfies LogValue }, `saw ${token}`));
  expect(JSON.stringify(line)).not.toContain("abcdefgh");
  expect(line["at"]).toBe("x [token] y");
});
