// An invitation of before a reset, of which the reset did not hear: somebody hid it in the store.
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { administrationKey, adminKey, tokenKey } from "../identity/entity-key.ts";
import { newToken, tokenId } from "../rpc/token.ts";
import { ADMINISTRATION_SHARD } from "../store/entity.ts";
import { hashOf, ServedAdmins } from "../testing/admin-world.ts";
import { call, refused } from "../testing/call.ts";
import type { Administration } from "./admin.ts";

const DAY_MS = 24 * 3_600_000;
let world: ServedAdmins;
let invitation: string;

beforeEach(async () => {
  world = await ServedAdmins.open();
  const { given } = world.admins.world;
  invitation = newToken("cs_invite_", given.random);
  const open = { id: tokenId(invitation), until: given.store.now() + DAY_MS };
  const fresh = { adminId: "eve", role: "owner", tenantId: "", state: "INVITED", claimed: false } as const;
  await world.admins.world.put(adminKey("eve"), { ...fresh, createdAt: 0, tokens: { listed: [] }, invitation: open });
  await world.admins.world.put(tokenKey(open.id), { kind: "invitation", adminId: "eve", listed: true });
});
afterEach(() => world.close());

async function set(change: Partial<Administration>): Promise<void> {
  const { given } = world.admins.world;
  const { entities } = await given.store.load(ADMINISTRATION_SHARD, administrationKey);
  const [{ version: expected }] = entities;
  const body: Administration = { invitation: "", adminsEver: 2, ownKeyConfirmed: true, ...change };
  await world.admins.world.commit(ADMINISTRATION_SHARD, [{ key: administrationKey, expected, body }]);
}

const claim = (): Promise<unknown> => {
  const tokenSha256 = hashOf(world.draw("cs_admin_"));
  return call(world.client, "claim", { adminId: "", tokenSha256, phrase: "", locale: "" }, invitation);
};

test("threat 27: it opens nothing while there is no first one, whose place it would take", async () => {
  await set({ adminsEver: 0, ownKeyConfirmed: false });
  expect((await refused(claim())).reason).toBe("STATE_CONFLICT");
});

test("threat 27: nor after there is one", async () => {
  await set({ first: "anna", adminsEver: 1, reset: { at: world.admins.world.given.store.now(), before: 3 } });
  expect((await refused(claim())).reason).toBe("STATE_CONFLICT");
});

test("one of after it is claimed as any", async () => {
  await set({ first: "anna", reset: { at: world.admins.world.given.store.now() - 1, before: 3 } });
  await expect(claim()).resolves.toMatchObject({ admin: { adminId: "eve" } });
});
