import { readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";
import { readTemplate } from "./template.ts";

const least = { method: "GET", url: "https://sms.example/send", success: { status: [200] } };
const receipt = { ref: "ref", status: "s", reached: "1", failed: "2" };

test("the templates that come with the bot are read", () => {
  const source = readFileSync(new URL("../../templates/kannel.json", import.meta.url), "utf8");
  expect(readTemplate(source)).toMatchObject({ method: "GET", gsm7: true, roundValidityUp: false });
});

test.each<[string, unknown, string]>([
  ["no JSON", "{", "not JSON"],
  ["a member it does not know", { ...least, retry: 3 }, "retry"],
  ["no success", { ...least, success: undefined }, "success"],
  ["a pattern that is none", { ...least, success: { status: [200], body: "(" } }, "success.body: a regular expression"],
  ["another scheme", { ...least, url: "ftp://sms.example/" }, "url: must be http or https"],
  ["parameters in the URL", { ...least, url: "https://sms.example/?a=1" }, "url: parameters stand in query"],
  ["a password in the URL", { ...least, url: "https://u:p@sms.example/" }, "basicAuth"],
  ["a body with GET", { ...least, form: { a: "b" } }, "not with GET"],
  ["two bodies", { ...least, method: "POST", form: {}, json: {} }, "one of them"],
  ["reports by nothing", { ...least, receipt: { ...receipt, ref: undefined } }, "receipt: id or ref"],
  ["reports by two", { ...least, receipt: { ...receipt, id: "id" } }, "receipt: id or ref"],
  ["a name that is no field", { ...least, query: { "a&b": "x" } }, "a name of letters"],
  ["a header with a line break", { ...least, headers: { "a\r\nb": "x" } }, "the name of a header"],
  ["a class that is none", { ...least, failures: [{ fate: "maybe" }] }, "failures.0.fate"],
])("%s is refused by name", (_what, template, because) => {
  const source = typeof template === "string" ? template : JSON.stringify(template);
  expect(() => readTemplate(source)).toThrow(because);
});
