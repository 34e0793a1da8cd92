import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { tempFolder } from "@countersign/testing";
import { expect, test } from "@jest/globals";
import { webhookByFlags } from "./webhook-settings.ts";

const folder = tempFolder();
const listen = { "webhook-listen": "127.0.0.1:8443" };
const url = { "webhook-url": "https://bot.example/telegram" };

function file(text: string): string {
  const path = join(folder, "secret");
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

test("without its flags there is no webhook", () => expect(webhookByFlags({})).toBeUndefined());

test("a drawn secret is new at every start and prints as its name", () => {
  const [one, two] = [webhookByFlags({ ...listen, ...url }), webhookByFlags({ ...listen, ...url })];
  expect(one?.secret.reveal()).toMatch(/^[A-Za-z0-9_-]{43}$/);
  expect(one?.secret.reveal()).not.toBe(two?.secret.reveal());
  expect(JSON.stringify(one)).toContain('"[webhook secret]"');
  expect(one).toMatchObject({ host: "127.0.0.1", port: 8443 });
});

test("a secret from a file, IPv6, a fake on this machine", () => {
  const given = { "webhook-listen": "[::1]:0", "webhook-url": "http://127.0.0.1:1/x" };
  const settings = webhookByFlags({ ...given, "webhook-secret-file": file("a_B-9\n") });
  expect(settings).toMatchObject({ host: "::1", port: 0 });
  expect(settings?.secret.reveal()).toBe("a_B-9");
});

test.each([
  ["no address", listen, "--webhook-url is missing"],
  ["no place to listen", url, "--webhook-listen is missing"],
  ["a secret alone", { "webhook-secret-file": "none" }, "--webhook-listen is missing"],
  ["no port", { ...url, "webhook-listen": "127.0.0.1" }, "--webhook-listen"],
  ["a port too high", { ...url, "webhook-listen": "127.0.0.1:65536" }, "--webhook-listen"],
  ["plain http elsewhere", { ...listen, "webhook-url": "http://bot.example/x" }, "--webhook-url"],
  ["a name and password", { ...listen, "webhook-url": "https://a:b@bot.example/x" }, "--webhook-url"],
  ["no address at all", { ...listen, "webhook-url": "bot.example" }, "--webhook-url"],
])("refuses %s", (_what, flags, said) => expect(() => webhookByFlags(flags)).toThrow(said));

test.each(["a b", "ä", "x".repeat(257), ""])("refuses the secret %j without showing it", (secret) => {
  expect(() => webhookByFlags({ ...listen, ...url, "webhook-secret-file": file(secret) })).toThrow(/must hold/);
});
