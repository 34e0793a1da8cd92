import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { ensure } from "./checks.ts";
import { mustRun, runTool } from "./run-tool.ts";

/** How a FIDO2 key is used by libfido2's tools: its device, whatever makes its person touch it, its PIN when it has one. */
export interface Fido2Key {
  readonly path: string;
  readonly pin?: string;
  /** Runs beside each request that wants a touch, until it is done. */
  readonly touching: <T>(request: Promise<T>) => Promise<T>;
}

const RP_ID = "bank.example";

const hashOf = (text: string): string => createHash("sha256").update(text).digest("base64");

/** A credential as `fido2-cred` verified it. */
export interface Fido2Credential {
  readonly id: string;
  /** File with its public key, PEM. */
  readonly publicKey: string;
}

/** Makes a credential and verifies its attestation: `fido2-cred -M`, then `-V`. With a PIN, user verification is asked for and checked. */
export async function makeCredential(key: Fido2Key): Promise<Fido2Credential> {
  const uv = key.pin === undefined ? [] : ["-v"];
  const parameters = [hashOf("enrolment"), RP_ID, "anna", Buffer.from("anna").toString("base64"), ""].join("\n");
  writeFileSync("/tmp/cred.in", parameters);
  const make = ["-M", ...uv, "-i", "/tmp/cred.in", key.path, "es256"];
  const made = await key.touching(mustRun("fido2-cred", make, pinLine(key)));
  const verified = await mustRun("fido2-cred", ["-V", ...uv, "es256"], made);
  const [id = ""] = verified.split("\n");
  ensure(id !== "" && id === made.split("\n")[4], `another credential was verified: ${verified}`);
  const publicKey = "/tmp/cred.pem";
  writeFileSync(publicKey, verified.slice(id.length + 1));
  return { id, publicKey };
}

/**
 * Asks for an assertion over a challenge and verifies it: `fido2-assert -G`, then `-V`; the same assertion under another
 * challenge must not verify.
 */
export async function assertWith(key: Fido2Key, { id, publicKey }: Fido2Credential): Promise<void> {
  const uv = key.pin === undefined ? [] : ["-v"];
  writeFileSync("/tmp/assert.in", [hashOf("statement"), RP_ID, id, ""].join("\n"));
  const get = ["-G", "-p", ...uv, "-i", "/tmp/assert.in", key.path];
  const assertion = await key.touching(mustRun("fido2-assert", get, pinLine(key)));
  await mustRun("fido2-assert", ["-V", "-p", ...uv, publicKey, "es256"], assertion);
  const altered = assertion.replace(hashOf("statement"), hashOf("another statement"));
  ensure(altered !== assertion, "the assertion does not name its challenge");
  const { code } = await runTool("fido2-assert", ["-V", publicKey, "es256"], altered);
  ensure(code !== 0, "it verifies under another challenge too");
}

/** Sets the first PIN: `fido2-token -S`, which asks twice. */
export async function setPin(path: string, pin: string): Promise<void> {
  await mustRun("fido2-token", ["-S", path], `${pin}\n${pin}\n`);
}

/** What `fido2-token -I` says. */
export function infoOf(path: string): Promise<string> {
  return mustRun("fido2-token", ["-I", path]);
}

// Without a terminal the tools read the PIN from their standard input.
const pinLine = ({ pin }: Fido2Key): string => (pin === undefined ? "" : `${pin}\n`);
