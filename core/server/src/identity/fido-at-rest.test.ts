// FIDO2 keys in the database, and what was stored before there were any.
import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { macKey } from "@countersign/protocol";
import { tempFolder } from "@countersign/testing";
import { parsePolicy } from "../policy/policy-document.ts";
import { whyModelIsRefused } from "../policy/key-model.ts";
import type { Policy } from "../policy/policy.ts";
import { rpIdOf } from "../fido/relying-party.ts";
import { decodeBody, encodeBody } from "../store/body-codec.ts";
import { shardOfUser } from "../store/entity.ts";
import { DATABASE_FILE } from "../store/sqlite-database.ts";
import { openSqliteStore } from "../store/sqlite-store.ts";
import { IntegrityError } from "../store/store.ts";
import { CoreWorld, drawHexId } from "../testing/core-world.ts";
import { TestFidoKey } from "../testing/test-fido-key.ts";
import { keyKey } from "./entity-key.ts";
import { keyMessage } from "./key-message.ts";
import type { Key } from "./key.ts";

const temp = tempFolder();
const macs = macKey(new Uint8Array(32).fill(3));

/** A database that holds a passkey. */
async function stored() {
  const folder = join(temp, drawHexId());
  const world = await CoreWorld.open({ open: (clock) => openSqliteStore({ folder, macKey: macs, clock }) });
  const key = new TestFidoKey("bank.example");
  const fido = key.details({ passkey: true, backupEligible: true, transports: ["internal", "hybrid"] });
  await key.addTo(world, world.identity, { fido, attested: true, name: "Phone" });
  const before = await world.loadKey(key.keyId);
  const { tenantId, userId } = world;
  await world.given.store.close();
  const load = async (): Promise<Key | undefined> => {
    const store = await openSqliteStore({ folder, macKey: macs, cacheBytes: 0 });
    try {
      return (await store.load(shardOfUser(tenantId, userId), keyKey(tenantId, key.keyId))).entities[0].body;
    } finally {
      await store.close();
    }
  };
  return { folder, before, load };
}

describe("a FIDO2 key in the database", () => {
  test("comes back as it was stored", async () => {
    const { before, load } = await stored();
    expect(await load()).toEqual(before);
    expect(before.fido).toMatchObject({ passkey: true, transports: ["internal", "hybrid"] });
  });

  test.each([
    ["a passkey made a security key", `replace(body, '"passkey":true', '"passkey":false')`],
    ["another relying party", `replace(body, 'bank.example', 'evil.example')`],
    ["an attestation taken away", `replace(body, ',"attested":true', '')`],
    ["another name", `replace(body, 'Phone', 'YubiK')`],
  ])("threat 11: %s by who writes to the file is INTEGRITY", async (_name, edit) => {
    const { folder, load } = await stored();
    const database = new DatabaseSync(join(folder, DATABASE_FILE));
    const { changes } = database.prepare(`UPDATE entity SET body = ${edit} WHERE body LIKE '%credentialId%'`).run();
    database.close();
    expect(Number(changes)).toBe(1);
    await expect(load()).rejects.toThrow(IntegrityError);
  });
});

describe("what was stored before there were FIDO2 keys", () => {
  const text =
    '{"tenantId":"aa","userId":"erika","keyId":"bb","state":"ACTIVE","publicKey":{"$b":"pQECAyYgASFYIA"},"model":"emulator",' +
    '"serial":"S1","registryVersion":1,"glyphs":"latin","hasDisplay":true,"hasKeypad":true,"enrolment":{"$b":""},' +
    '"enrolledAt":0,"heldUntil":0,"counter":{"highest":7,"seen":{"$n":"1"}}}';

  test("a key is read, written again in the same bytes, and told as a Countersign key", () => {
    const key = decodeBody(text) as Key;
    expect(encodeBody(key)).toBe(text);
    expect(keyMessage(key)).toMatchObject({ type: 1, name: "", attested: false, fido: undefined });
  });

  test("a policy takes FIDO2 keys of the installation's own relying party, and no passkeys", () => {
    const { webauthn: _w, fidoModels: _m, fidoRoots: _r, biometricModels: _b, ...old } = parsePolicy({});
    const policy: Policy = old;
    const key = new TestFidoKey("x");
    const serverId = "ab".repeat(16);
    expect(rpIdOf(policy, serverId)).toBe(`${serverId}.countersign.invalid`);
    expect(whyModelIsRefused(policy, { model: "FIDO2 key", fido: key.details() })).toBeUndefined();
    expect(whyModelIsRefused(policy, { model: "Passkey", fido: key.details({ passkey: true }) })).toContain("passkeys");
  });
});
