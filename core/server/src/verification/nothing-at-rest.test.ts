import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { codeProofOf, encodeStatement, macKey, sha256, toHex } from "@countersign/protocol";
import { tempFolder } from "@countersign/testing";
import { expect, test } from "@jest/globals";
import { openSqliteStore } from "../store/sqlite-store.ts";
import { Crash, crashAt } from "../testing/altered-store.ts";
import { CoreWorld } from "../testing/core-world.ts";
import { happen } from "../transaction/happen.ts";
import { submitStatement } from "./submit-statement.ts";

const folder = join(tempFolder(), "store");

function everyByte(): Buffer {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).map((name) => join(folder, name));
  return Buffer.concat(files.filter((file) => statSync(file).isFile()).map((file) => readFileSync(file)));
}

// 10 digits, so that a hit is none by chance.
test("check 15: no code of a run is in the store, nor what tells it before it is used up", async () => {
  const world = await CoreWorld.open({
    policy: { digits: 10, highValueDigits: 10 },
    open: (clock) => openSqliteStore({ folder, macKey: macKey(new Uint8Array(32).fill(4)), clock }),
  });
  const codes: string[] = [];
  const proofs: Uint8Array[] = [];
  const hashes: Uint8Array[] = [];
  const open = [await world.pending(), await world.pending(), await world.pending()];
  for (const one of open) {
    const { txId, nonce, txDigest } = one;
    codes.push(world.code(one), world.wrongCode(one));
    proofs.push(codeProofOf(nonce, txDigest, world.code(one)), codeProofOf(nonce, txDigest, world.wrongCode(one)));
    const wrong = world.statement(one, { code: world.wrongCode(one) });
    hashes.push(sha256(encodeStatement(wrong)));
    const ask = { txId, tenantId: world.tenantId };
    await submitStatement(world.given, { ...ask, signed: world.signed(one, { ...wrong }) });
    // Right code, refused for its counter: the code stays good, so its statement must not lie about.
    await submitStatement(world.given, { ...ask, signed: world.signed(one, { counter: wrong.counter }) });
    const right = world.signed(one);
    await expect(submitStatement(crashAt(world.given, 2), { ...ask, signed: right })).rejects.toThrow(Crash);
  }
  world.clock.advance(60_000);
  for (const { txId } of open) {
    const after = await happen(world.given, txId, { type: "resent", epoch: 1 }, "test");
    codes.push(world.code(after as (typeof open)[0]));
  }
  await world.given.store.close();
  const bytes = everyByte();
  expect(bytes.length).toBeGreaterThan(10_000);
  expect(bytes.includes(open[0]!.txId)).toBe(true);
  for (const code of codes) expect(bytes.includes(code)).toBe(false);
  for (const secret of [...proofs, ...hashes]) {
    const forms = [
      Buffer.from(secret),
      toHex(secret),
      Buffer.from(secret).toString("base64"),
      Buffer.from(secret).toString("base64url"),
    ];
    for (const form of forms) expect(bytes.includes(form)).toBe(false);
  }
});
