import { afterAll, beforeAll, expect, test } from "@jest/globals";
import {
  AdminServiceListAdminsRequest,
  AdminServiceListAppsRequest,
  AdminServiceListTenantsRequest,
  AppScope,
  ChangeState,
  Role,
  type Action,
} from "@countersign/proto/node/admin/v1/admin_service";
import { userKey } from "../identity/entity-key.ts";
import { isRefusal } from "../rpc/refusal.ts";
import { ADMINISTRATION, ADMINISTRATION_SHARD, type HexId } from "../store/entity.ts";
import { hashOf, ServedAdmins } from "../testing/admin-world.ts";
import { call, refused } from "../testing/call.ts";
import { drawHexId, newTestKey } from "../testing/core-world.ts";
import { submitStatement } from "../verification/submit-statement.ts";
import { loadBot } from "./program-rules.ts";

let stolen: ServedAdmins;
beforeAll(async () => {
  stolen = await ServedAdmins.open();
});
afterAll(() => stolen.close());

const token = (): Buffer => hashOf(stolen.draw("cs_app_"));

/** One of each, on things that stand as it wants them. */
function actions(botId: HexId, appId: HexId): readonly NonNullable<Action["what"]>[] {
  const holder = { $case: "appId", value: appId } as const;
  return [
    { $case: "createTenant", value: { name: "Other", issuer: "Other" } },
    { $case: "createApp", value: { name: "shop", scope: AppScope.SUBMIT, tokenSha256: token() } },
    { $case: "createBot", value: { name: "bot", platform: "telegram", tokenSha256: token() } },
    { $case: "addToken", value: { holder, tokenSha256: token(), overlap: undefined } },
    { $case: "enableApp", value: { appId } },
    { $case: "enableBot", value: { botId } },
    { $case: "resumeBot", value: { botId } },
    { $case: "setPolicy", value: { documentJson: '{"tries":5}', expectedVersion: 1 } },
    { $case: "resumeUser", value: { userId: "erika" } },
    { $case: "thawUser", value: { userId: "erika" } },
    {
      $case: "createAdmin",
      value: { adminId: "evil", role: Role.OWNER, tenantId: "", invitationSha256: token() },
    },
    { $case: "enableAdmin", value: { adminId: "bob" } },
    { $case: "recoverUser", value: { userId: "olga", reason: "" } },
    { $case: "recoverAdmin", value: { adminId: "carl", invitationSha256: token() } },
  ];
}

test("threat 27: a stolen session loosens nothing, whatever it asks for", async () => {
  const { admins, anna, client } = stolen;
  const { world } = admins;
  const { appId } = await world.addApp(world.tenantId, "submit");
  await call(client, "disableApp", { tenantId: "", appId }, anna.token);
  await call(client, "disableBot", { tenantId: "", botId: world.botId }, anna.token);
  await call(client, "suspendUser", { tenantId: "", userId: "erika" }, anna.token);
  await call(client, "disableAdmin", { adminId: "bob" }, anna.token);
  await world.addUser({ tenantId: world.tenantId, userId: "olga" }, newTestKey(), drawHexId());
  await admins.addAdmin("carl", "auditor");
  const before = await snapshot();
  const tried = new Set<string>();
  for (const what of actions(world.botId, appId)) {
    tried.add(what.$case);
    // The limits on prompts are not what stops it here.
    world.clock.advance(600_000);
    const asked = await admins.request(client, anna, what);
    const changeId = asked.change?.changeId ?? "";
    const txId = asked.transaction?.transactionId ?? "";
    const transaction = await world.transaction(txId);
    // He has the session and whatever key he likes, not hers; or hers by a trick, and not her phone.
    const foreign = world.signed(transaction, {}, world.key);
    const guessed = world.signed(transaction, { code: world.wrongCode(transaction) }, anna.key);
    // Five wrong codes in a row would block her, which would stop it as well.
    for (const signed of tried.size < 4 ? [foreign, guessed] : [foreign]) {
      expect(isRefusal(await submitStatement(world.given, { txId, tenantId: undefined, signed }))).toBe(true);
    }
    await admins.carryOut(changeId);
    await refused(call(client, "confirmOwnKey", { keyId: anna.key.keyId, fingerprint: "" }, anna.token));
    expect((await admins.change(client, anna, changeId)).state).toBe(ChangeState.REQUESTED);
  }
  expect(tried.size).toBe(14); // all but confirm_key, which confirm-key.test.ts tells
  expect(await snapshot()).toEqual(before);
});

async function snapshot(): Promise<unknown> {
  const { admins, anna, client } = stolen;
  const { world } = admins;
  const { given, tenantId, botId } = world;
  const includeDisabled = true;
  const { entities } = await given.store.load(ADMINISTRATION_SHARD, userKey(ADMINISTRATION, "bob"));
  return {
    tenants: (await call(client, "listTenants", AdminServiceListTenantsRequest.create(), anna.token)).tenants,
    apps: (await call(client, "listApps", AdminServiceListAppsRequest.create({ includeDisabled }), anna.token)).apps,
    bot: await loadBot(given, tenantId, botId),
    admins: (await call(client, "listAdmins", AdminServiceListAdminsRequest.create(), anna.token)).admins,
    user: (await world.user()).state,
    olga: (await world.user({ tenantId, userId: "olga" })).recoveries,
    carl: (await world.user({ tenantId: ADMINISTRATION, userId: "carl" })).recoveries,
    bob: entities[0].body?.state,
    policy: (await call(client, "getPolicy", { tenantId: "" }, anna.token)).policy?.version,
  };
}
