import { createPrivateKey, randomBytes, X509Certificate } from "node:crypto";
import { expect, test } from "@jest/globals";
import { AAGUID, newDeviceCertificate } from "./device-certificate.ts";
import { integer, oid, sequence, time } from "./der.ts";

const made = newDeviceCertificate((length) => new Uint8Array(randomBytes(length)));
const leaf = new X509Certificate(made.certificate);
const root = new X509Certificate(made.issuer);

test("the device's certificate is what WebAuthn asks of a packed attestation", () => {
  expect(leaf.ca).toBe(false);
  expect(leaf.subject.split("\n")).toEqual([
    "C=DE",
    "O=Countersign",
    "OU=Authenticator Attestation",
    "CN=Countersign Emulator",
  ]);
  expect(Buffer.from(made.certificate).toString("hex")).toContain(
    `060b2b0601040182e51c01010404120410${Buffer.from(AAGUID).toString("hex")}`,
  );
  expect(new Date(leaf.validTo).getUTCFullYear()).toBe(9999);
});

test("it leads to a root of its own, whose private key is gone", () => {
  expect(root.ca).toBe(true);
  expect(leaf.checkIssued(root)).toBe(true);
  expect(leaf.verify(root.publicKey)).toBe(true);
  expect(root.verify(root.publicKey)).toBe(true);
  expect(Object.keys(made).toSorted()).toEqual(["certificate", "issuer", "privateKey"]);
  const own = createPrivateKey({ key: Buffer.from(made.privateKey), format: "der", type: "pkcs8" });
  expect(leaf.checkPrivateKey(own)).toBe(true);
});

test("two devices share neither key nor root", () => {
  const other = newDeviceCertificate((length) => new Uint8Array(randomBytes(length)));
  expect(leaf.verify(new X509Certificate(other.issuer).publicKey)).toBe(false);
});

test.each([
  ["an integer with its high bit set", integer(Uint8Array.of(0x80)), "02020080"],
  ["zero", integer(Uint8Array.of(0, 0)), "020100"],
  ["leading zeros", integer(Uint8Array.of(0, 0, 1)), "020101"],
  ["an object identifier", oid("1.2.840.10045.4.3.2"), "06082a8648ce3d040302"],
  ["a long length", sequence(new Uint8Array(200)).subarray(0, 3), "3081c8"],
  ["a longer length", sequence(new Uint8Array(300)).subarray(0, 4), "3082012c"],
  ["a date before 2050", time("20260101000000Z"), "170d3236303130313030303030305a"],
])("DER of %s", (_name, bytes, hex) => {
  expect(Buffer.from(bytes).toString("hex")).toBe(hex);
});
