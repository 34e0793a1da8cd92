import { Secret } from "@countersign/bot-kit";
import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { TemplateFiller, type Values } from "./fill.ts";
import { readTemplate } from "./template.ts";

const SECRETS = new Map([
  ["key", new Secret("key", "s3cret&x=y")],
  ["user", new Secret("user", "me")],
]);
const VALUES: Values = {
  to: "+4915112345678",
  toDigits: "4915112345678",
  text: "Code 482 915",
  sender: "Acme",
  ref: "0123456789abcdef01234567",
  alphabet: "0",
  validityMinutes: "2",
  validitySeconds: "125",
  validUntil: "2026-11-22T13:32:05.000Z",
  receiptUrl: "https://bot.example/r/abc",
};

function filler(more: object): TemplateFiller {
  const least = { method: "POST", url: "https://sms.example/send", success: { status: [200] } };
  return new TemplateFiller(readTemplate(JSON.stringify({ ...least, ...more })), SECRETS);
}

const full = {
  url: "https://sms.example/to/{toDigits}/{ref}/send",
  query: { text: "{text}", key: "{secret:key}", mix: "a {to}&b={text}" },
  headers: { "x-key": "{secret:key}", "x-ref": "{ref}" },
};

test("every place has its own encoding, whatever the text is", () => {
  const form = filler({ ...full, form: { text: "{text}", fix: "1" } });
  const body = { text: "{text}", nested: [{ also: "<{text}>" }], minutes: "{validityMinutes}", flag: true };
  const json = filler({ ...full, json: body });
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.string({ unit: "grapheme-composite" })), (text) => {
      if (!text.isWellFormed()) return;
      const values = { ...VALUES, text };
      const { url, headers, body: sent } = form.requestFor(values);
      expect(url.origin + url.pathname).toBe(`https://sms.example/to/4915112345678/${VALUES.ref}/send`);
      const parameters = [...url.searchParams];
      expect(parameters).toEqual([
        ["text", text],
        ["key", "s3cret&x=y"],
        ["mix", `a +4915112345678&b=${text}`],
      ]);
      expect([...new URLSearchParams(sent)]).toEqual([
        ["text", text],
        ["fix", "1"],
      ]);
      expect(url.hash).toBe("");
      expect(Object.keys(headers).toSorted()).toEqual(["content-type", "x-key", "x-ref"]);
      const read: unknown = JSON.parse(json.requestFor(values).body);
      expect(read).toEqual({ text, nested: [{ also: `<${text}>` }], minutes: 2, flag: true });
    }),
    { numRuns: 500 },
  );
});

test("braces in a value are text: nothing is filled in twice", () => {
  const { body } = filler({ form: { text: "{text}" } }).requestFor({ ...VALUES, text: "{secret:key} {to} $& $1" });
  expect(new URLSearchParams(body).get("text")).toBe("{secret:key} {to} $& $1");
});

test("a field that asks for what is not there is left out, everywhere", () => {
  const given = { from: "{sender}", validity: "{validityMinutes}", url: "{receiptUrl}?r={ref}", text: "{text}" };
  const none = { ...VALUES, sender: undefined, validityMinutes: undefined, receiptUrl: undefined };
  const { url, headers } = filler({
    query: given,
    headers: { "x-from": "{sender}" },
    json: { a: ["{sender}"] },
  }).requestFor(none);
  expect([...url.searchParams.keys()]).toEqual(["text"]);
  expect(headers).toEqual({ "content-type": "application/json" });
});

test("behind the receipt URL values are encoded for it, and the whole for its place", () => {
  const { url } = filler({ query: { dlr: "{receiptUrl}?to={to}&status=%d" } }).requestFor(VALUES);
  expect(url.search).toContain("dlr=https%3A%2F%2Fbot.example%2Fr%2Fabc%3Fto%3D%252B4915112345678%26status%3D%25d");
});

test("user and password go as Basic", () => {
  const { headers } = filler({ basicAuth: { user: "{secret:user}", password: "{secret:key}" } }).requestFor(VALUES);
  expect(headers["authorization"]).toBe(`Basic ${Buffer.from("me:s3cret&x=y").toString("base64")}`);
});

test.each<[string, object, string]>([
  ["text in the path", { url: "https://sms.example/{text}" }, "url: {text} has no meaning here"],
  ["a secret in the path", { url: "https://sms.example/{secret:key}" }, "url: {secret:key} has no meaning here"],
  ["a placeholder in the host", { url: "https://{ref}.example/" }, "host"],
  ["text in a header", { headers: { a: "{text}" } }, "headers: {text} has no meaning here"],
  ["an unknown placeholder", { query: { a: "{code}" } }, "query: {code} has no meaning here"],
  ["a secret without file", { form: { a: "{secret:other}" } }, "needs --secret other=FILE"],
  ["text behind the receipt URL", { query: { a: "{receiptUrl}?t={text}" } }, "{receiptUrl} begins its field"],
  ["a receipt URL in the middle", { query: { a: "x={receiptUrl}" } }, "{receiptUrl} begins its field"],
])("%s is refused when the template is read", (_what, more, because) => {
  expect(() => filler(more)).toThrow(because);
});
