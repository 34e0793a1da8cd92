import { expect, test } from "@jest/globals";
import { isLoopback } from "./core-address.ts";
import { openCore } from "./core-connection.ts";
import { Token } from "../token.ts";

const token = new Token("cs_app_AAAAAAAAAAAAAAAAAAAAAAAA");

test.each([
  ["127.0.0.1:8701", true],
  ["127.1.2.3:1", true],
  ["localhost:8701", true],
  ["[::1]:8701", true],
  ["192.0.2.1:8701", false],
  ["127.0.0.1.example.org:443", false],
  ["localhost.example.org:443", false],
  ["core.example.org:443", false],
])("check 29: %s without TLS: %s", (address, plain) => {
  expect(isLoopback(address)).toBe(plain);
  const open = (): void => openCore({ address, token }).close();
  if (plain) open();
  else expectRefusal(open);
});

test("mutual TLS needs certificate and key", () => {
  const tls = { certFile: import.meta.filename };
  expect(() => openCore({ address: "core.example.org:443", token, tls })).toThrow("both certFile and keyFile");
});

test("a file that is not there is named", () => {
  const tls = { caFile: "/nonexistent/ca.pem" };
  expect(() => openCore({ address: "core.example.org:443", token, tls })).toThrow("/nonexistent/ca.pem");
});

function expectRefusal(open: () => void): void {
  expect(open).toThrow("TLS only");
}
