import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inspect } from "node:util";
import { expect, test } from "@jest/globals";
import { hmacSha256, importPublicKey, utf8, verifyEs256 } from "@countersign/protocol";
import { tempFolder } from "@countersign/testing";
import { loadOrCreateSecrets } from "./secrets.ts";
import { drawId } from "./store/store-fixture.ts";

const folder = tempFolder();
const fresh = (): string => join(folder, drawId(), "secrets");

test("creates a set once and reads the same again", () => {
  const at = fresh();
  const made = loadOrCreateSecrets(at, { create: true });
  const read = loadOrCreateSecrets(at, { create: false });
  expect(made.serverId).toMatch(/^[0-9a-f]{32}$/);
  expect([read.serverId, read.codeKeyIds, read.publicKey, read.signKeyId]).toEqual([
    made.serverId,
    made.codeKeyIds,
    made.publicKey,
    made.signKeyId,
  ]);
  for (const name of ["code", "store", "token"] as const) {
    expect(hmacSha256(read[name], utf8("x"))).toEqual(hmacSha256(made[name], utf8("x")));
  }
  expect(made.signKeyId).toHaveLength(16);
  expect(verifyEs256(importPublicKey(made.publicKey), utf8("x"), read.sign(utf8("x")))).toBe(true);
});

test("the three keys differ, and so do two installations", () => {
  const [one, other] = [loadOrCreateSecrets(fresh(), { create: true }), loadOrCreateSecrets(fresh(), { create: true })];
  const macs = [one, other].flatMap(({ code, store, token }) =>
    [code, store, token].map((key) => hmacSha256(key, utf8("x")).join()),
  );
  expect(new Set(macs).size).toBe(6);
});

test("folder 0700, files 0600; nothing else is left behind", () => {
  const at = fresh();
  loadOrCreateSecrets(at, { create: true });
  expect(statSync(at).mode & 0o777).toBe(0o700);
  for (const file of readdirSync(at)) expect(statSync(join(at, file)).mode & 0o777).toBe(0o600);
  expect(readdirSync(join(at, ".."))).toEqual(["secrets"]);
});

test("an empty folder is filled, a wish without `create` is not", () => {
  const at = fresh();
  expect(() => loadOrCreateSecrets(at, { create: false })).toThrow(/no secrets here/);
  mkdirSync(at, { recursive: true });
  expect(() => loadOrCreateSecrets(at, { create: false })).toThrow(/no secrets here/);
  expect(loadOrCreateSecrets(at, { create: true }).serverId).toHaveLength(32);
});

test.each(["server-id", "code.key", "store.key", "token.key", "signing-key.pem"])(
  "a set without its %s is refused, never completed",
  (file) => {
    const at = fresh();
    loadOrCreateSecrets(at, { create: true });
    rmSync(join(at, file));
    expect(() => loadOrCreateSecrets(at, { create: true })).toThrow(`${file} is missing`);
  },
);

test("refuses what others can read, and says how to mend it", () => {
  const at = fresh();
  loadOrCreateSecrets(at, { create: true });
  chmodSync(join(at, "store.key"), 0o640);
  expect(() => loadOrCreateSecrets(at, { create: false })).toThrow(/open to other users.*chmod 0600/);
  chmodSync(join(at, "store.key"), 0o600);
  chmodSync(at, 0o755);
  expect(() => loadOrCreateSecrets(at, { create: false })).toThrow(/chmod 0700/);
});

test("a damaged key is named, its content is not shown", () => {
  const at = fresh();
  loadOrCreateSecrets(at, { create: true });
  writeFileSync(join(at, "code.key"), "5ecret");
  expect(() => loadOrCreateSecrets(at, { create: false })).toThrow(/code\.key: expected 64 lower-case/);
  expect(() => loadOrCreateSecrets(at, { create: false })).not.toThrow(/5ecret/);
});

test("secrets do not print", () => {
  const at = fresh();
  const secrets = loadOrCreateSecrets(at, { create: true });
  const printed = `${JSON.stringify(secrets)}${inspect(secrets, { depth: 9, showHidden: true })}`;
  for (const file of ["code.key", "store.key", "token.key"])
    expect(printed).not.toContain(readFileSync(join(at, file), "utf8").trim());
});
