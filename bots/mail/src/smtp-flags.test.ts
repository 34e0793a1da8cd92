import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { tempFolder } from "@countersign/testing";
import { expect, test } from "@jest/globals";
import { readServer } from "./smtp-flags.ts";

const folder = tempFolder();

test("STARTTLS is the default, and the password comes from its file", () => {
  const file = join(folder, "password");
  writeFileSync(file, "secret-of-smtp\n");
  const server = readServer({ smtp: "mail.bank.example:587", "smtp-user": "bot", "smtp-password-file": file });
  expect(server).toMatchObject({ host: "mail.bank.example", port: 587, tls: "starttls", ca: undefined });
  expect(server.login?.password.reveal()).toBe("secret-of-smtp");
  expect(JSON.stringify(server)).not.toContain("secret-of-smtp");
});

test("plain text stays on this machine, by address and not by name", () => {
  expect(readServer({ smtp: "localhost:25", "smtp-tls": "none" })).toMatchObject({ host: "127.0.0.1", tls: "none" });
  expect(readServer({ smtp: "[::1]:25", "smtp-tls": "none" })).toMatchObject({ host: "::1" });
});

test.each([
  [{}, "--smtp is missing"],
  [{ smtp: "mail.bank.example" }, "is not host:port"],
  [{ smtp: "mail.bank.example:0" }, "is not host:port"],
  [{ smtp: "mail.bank.example:587\r\nx" }, "is not host:port"],
  [{ smtp: "mail.bank.example:587", "smtp-tls": "opportunistic" }, "choose one of starttls"],
  [{ smtp: "mail.bank.example:25", "smtp-tls": "none" }, "must be on this machine"],
  [{ smtp: "127.0.0.1.bank.example:25", "smtp-tls": "none" }, "must be on this machine"],
  [{ smtp: "mail.bank.example:587", "smtp-user": "bot" }, "--smtp-password-file is missing"],
  [{ smtp: "mail.bank.example:587", "smtp-password-file": "x" }, "--smtp-user is missing"],
])("%j is refused", (flags, because) => {
  expect(() => readServer(flags)).toThrow(because);
});
