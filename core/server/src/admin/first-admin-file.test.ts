// Cores that start together on one store may share the folder of their secrets.
import { readdirSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { tempFolder } from "@countersign/testing";
import { administrationKey } from "../identity/entity-key.ts";
import { tokenId } from "../rpc/token.ts";
import { ADMINISTRATION_SHARD } from "../store/entity.ts";
import { CoreWorld } from "../testing/core-world.ts";
import { ensureFirstAdmin, FIRST_ADMIN_FILE } from "./first-admin.ts";

const together = tempFolder();
const after = tempFolder();

async function invitationOf({ given }: CoreWorld): Promise<string | undefined> {
  const { entities } = await given.store.load(ADMINISTRATION_SHARD, administrationKey);
  return entities[0].body?.invitation;
}

function tokenIn(folder: string): string {
  return tokenId(readFileSync(join(folder, FIRST_ADMIN_FILE), "utf8").trim());
}

test("of cores that start together one makes the token, and its file is the only one", async () => {
  const world = await CoreWorld.open();
  await Promise.all(Array.from({ length: 5 }, () => ensureFirstAdmin(world.given, together)));
  expect(readdirSync(together)).toEqual([FIRST_ADMIN_FILE]);
  expect(tokenIn(together)).toBe(await invitationOf(world));
});

test("a core that died before its file had its name: the next one gives it", async () => {
  const world = await CoreWorld.open();
  await ensureFirstAdmin(world.given, after);
  const path = join(after, FIRST_ADMIN_FILE);
  renameSync(path, `${path}.${await invitationOf(world)}`);
  await Promise.all([ensureFirstAdmin(world.given, after), ensureFirstAdmin(world.given, after)]);
  expect(readdirSync(after)).toEqual([FIRST_ADMIN_FILE]);
  expect(tokenIn(after)).toBe(await invitationOf(world));
});
