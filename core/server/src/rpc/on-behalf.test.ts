import { afterEach, beforeEach, expect, test } from "@jest/globals";
import type { AdminServiceFreezeUserResponse } from "@countersign/proto/node/admin/v1/admin_service";
import type { ServiceError } from "@grpc/grpc-js";
import { SHARDS } from "../store/entity.ts";
import type { AuditDraft } from "../store/store.ts";
import { ServedAdmins } from "../testing/admin-world.ts";
import { call } from "../testing/call.ts";
import { bearer, endedBy } from "../testing/serve-world.ts";
import { ON_BEHALF } from "./on-behalf.ts";

let world: ServedAdmins;
beforeEach(async () => (world = await ServedAdmins.open()));
afterEach(() => world.close());

/** Freezes, naming whom for; resolves with the reason of the answer, "" when it was done. */
function freezeFor(userId: string, ...names: readonly string[]): Promise<string> {
  const metadata = bearer(world.anna.token);
  for (const name of names) metadata.add(ON_BEHALF, name);
  const { promise, resolve } = Promise.withResolvers<string>();
  const told = (error: ServiceError | null, _answer?: AdminServiceFreezeUserResponse): void =>
    resolve(error === null ? "" : endedBy(error).reason);
  world.client.freezeUser({ tenantId: "", userId }, metadata, { deadline: Date.now() + 60_000 }, told);
  return promise;
}

async function frozen(): Promise<AuditDraft[]> {
  const { store } = world.admins.world.given;
  const chains = await Promise.all(Array.from({ length: SHARDS }, (_, shard) => store.audit(shard, 1, 200)));
  return chains.flat().flatMap(({ events }) => events.filter(({ event }) => event === "user.frozen"));
}

async function newUser(userId: string): Promise<void> {
  const request = { requestId: userId, tenantId: "", userId, phrase: "", locale: "" };
  await call(world.client, "createUser", request, world.anna.token);
}

test("whom an administrator's program acts for stands in the audit, beside the administrator", async () => {
  await newUser("max");
  await newUser("eva");
  expect(await freezeFor("max", "telegram:4242")).toBe("");
  expect(await freezeFor("eva")).toBe("");
  const told = await frozen();
  const of = (userId: string): AuditDraft | undefined => told.find(({ subject }) => subject === `user:${userId}`);
  expect(of("max")).toMatchObject({ actor: "admin:anna", detail: { after: "FROZEN", onBehalf: "telegram:4242" } });
  expect(of("eva")).toMatchObject({ actor: "admin:anna" });
  expect(of("eva")?.detail).not.toHaveProperty("onBehalf");
});

test.each([
  ["no platform", ["4242"]],
  ["a space", ["telegram: 4242"]],
  ["too long", [`telegram:${"1".repeat(256)}`]],
  ["two of them", ["telegram:1", "telegram:2"]],
])("%s is refused, and nothing is done", async (_name, names) => {
  await newUser("max");
  expect(await freezeFor("max", ...names)).toBe("BAD_INPUT");
  expect(await frozen()).toEqual([]);
});
