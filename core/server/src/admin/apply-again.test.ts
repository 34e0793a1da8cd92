// A core that dies between doing a change and writing down that it is done, and two cores that do it at once.
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { AppScope, ChangeState, Role, type Action } from "@countersign/proto/node/admin/v1/admin_service";
import { fingerprintOf } from "@countersign/protocol";
import { directoryOf } from "../identity/directory.ts";
import { adminKey, appKey, botKey, changeKey, tenantKey, tokenKey } from "../identity/entity-key.ts";
import { isRefusal } from "../rpc/refusal.ts";
import { tokenId } from "../rpc/token.ts";
import { ADMINISTRATION, ADMINISTRATION_SHARD, shardOfKey, type HexId } from "../store/entity.ts";
import { hashOf, ServedAdmins, type TestAdmin } from "../testing/admin-world.ts";
import { call } from "../testing/call.ts";
import { drawHexId, newTestKey } from "../testing/core-world.ts";
import { carryOut } from "./action-rules.ts";

let world: ServedAdmins;
let appId: HexId;
let carl: TestAdmin;
const newcomer = newTestKey();

beforeEach(async () => {
  const policy = { adminApprovals: { low: 1, medium: 1, high: 1 } };
  world = await ServedAdmins.open({ policy });
  const { admins, client, anna } = world;
  ({ appId } = await admins.world.addApp(admins.world.tenantId, "submit"));
  await call(client, "disableApp", { tenantId: "", appId }, anna.token);
  const { botId, identity } = admins.world;
  await call(client, "pauseBot", { tenantId: "", botId }, anna.token);
  await call(client, "disableBot", { tenantId: "", botId }, anna.token);
  await call(client, "freezeUser", { tenantId: "", userId: "erika" }, anna.token);
  await call(client, "disableAdmin", { adminId: "bob" }, anna.token);
  carl = await admins.addAdmin("carl", "owner");
  await admins.addAdmin("dave", "owner");
  await admins.world.addUser({ ...identity, userId: "nora" }, newcomer, drawHexId());
  await admins.world.changeKey({ ...identity, userId: "nora" }, newcomer.keyId, { state: "PROVISIONAL" });
  await admins.world.addUser({ ...identity, userId: "otto" }, newTestKey(), drawHexId());
  await call(client, "suspendUser", { tenantId: "", userId: "otto" }, anna.token);
});
afterEach(() => world.close());

const hash = (): Buffer => hashOf(world.draw("cs_app_"));

const ACTIONS: Readonly<Record<string, () => NonNullable<Action["what"]>>> = {
  createTenant: () => ({ $case: "createTenant", value: { name: "Other", issuer: "Other" } }),
  createApp: () => ({
    $case: "createApp",
    value: { name: "shop", scope: AppScope.EXECUTE, tokenSha256: hash() },
  }),
  createBot: () => ({ $case: "createBot", value: { name: "bot", platform: "matrix", tokenSha256: hash() } }),
  addToken: () => ({
    $case: "addToken",
    value: { holder: { $case: "appId", value: appId }, tokenSha256: hash(), overlap: { seconds: 5n, nanos: 0 } },
  }),
  addAdminToken: () => ({
    $case: "addToken",
    value: { holder: { $case: "adminId", value: "anna" }, tokenSha256: hash(), overlap: undefined },
  }),
  enableApp: () => ({ $case: "enableApp", value: { appId } }),
  enableBot: () => ({ $case: "enableBot", value: { botId: world.admins.world.botId } }),
  resumeBot: () => ({ $case: "resumeBot", value: { botId: world.admins.world.botId } }),
  setPolicy: () => ({ $case: "setPolicy", value: { documentJson: '{"tries":2}', expectedVersion: 1 } }),
  resumeUser: () => ({ $case: "resumeUser", value: { userId: "otto" } }),
  thawUser: () => ({ $case: "thawUser", value: { userId: "erika" } }),
  confirmKey: () => ({
    $case: "confirmKey",
    value: { keyId: newcomer.keyId, fingerprint: fingerprintOf(newcomer.publicKey) },
  }),
  createAdmin: () => ({
    $case: "createAdmin",
    value: { adminId: "dora", role: Role.OPERATOR, tenantId: "", invitationSha256: hash() },
  }),
  enableAdmin: () => ({ $case: "enableAdmin", value: { adminId: "bob" } }),
  recoverUser: () => ({ $case: "recoverUser", value: { userId: "erika", reason: "lost" } }),
  recoverAdmin: () => ({ $case: "recoverAdmin", value: { adminId: "dave", invitationSha256: hash() } }),
};

async function signed(admin: TestAdmin, asked: Parameters<ServedAdmins["admins"]["sign"]>[1]): Promise<void> {
  const verdict = await world.admins.sign(admin, asked);
  if (isRefusal(verdict)) throw new Error(verdict.message);
}

/** Asked for and confirmed, and not yet carried out. */
async function approved(what: NonNullable<Action["what"]>): Promise<HexId> {
  const { admins, anna, client } = world;
  const asked = await admins.request(client, anna, what);
  const changeId = asked.change?.changeId ?? "";
  await signed(anna, asked);
  // What takes two whatever the policy says.
  if ((asked.change?.approvalsNeeded ?? 1) > 1) await signed(carl, await admins.approve(client, carl, changeId));
  expect((await admins.change(client, anna, changeId)).state).toBe(ChangeState.APPROVED);
  return changeId;
}

/** Does it, and dies before that is written down. */
async function doneAndDied(changeId: HexId): Promise<void> {
  const { given } = world.admins.world;
  const { entities } = await given.store.load(ADMINISTRATION_SHARD, changeKey(changeId));
  const { action, tenantId, requestedBy, requestedAt = 0 } = entities[0].body ?? {};
  if (action === undefined || requestedBy === undefined) throw new Error("the change is not stored");
  const tenant = tenantId === "" ? undefined : await directoryOf(given.store).get(tenantKey(tenantId ?? ""));
  const by = { actor: "admin:anna", detail: {} };
  expect(await carryOut(given, { changeId, requestedBy, requestedAt, tenant }, action, by)).toBeUndefined();
}

test.each(Object.entries(ACTIONS))(
  "%s: done, and then a crash: it is done once and told as done",
  async (_name, what) => {
    const { admins, anna, client } = world;
    const changeId = await approved(what());
    await doneAndDied(changeId);
    await admins.carryOut(changeId);
    const change = await admins.change(client, anna, changeId);
    expect({ state: change.state, failure: change.failure }).toEqual({ state: ChangeState.APPLIED, failure: "" });
  },
);

test.each(Object.entries(ACTIONS))("%s by two cores at once", async (_name, what) => {
  const { admins, anna, client } = world;
  const changeId = await approved(what());
  await Promise.all([admins.carryOut(changeId), admins.carryOut(changeId)]);
  expect((await admins.change(client, anna, changeId)).state).toBe(ChangeState.APPLIED);
});

const botOf = () => ({ tenantId: "", botId: world.admins.world.botId });

const STOPS: Readonly<Record<string, () => Promise<unknown>>> = {
  enableApp: () => call(world.client, "disableApp", { tenantId: "", appId }, world.anna.token),
  enableBot: () => call(world.client, "disableBot", botOf(), world.anna.token),
  resumeBot: () => call(world.client, "pauseBot", botOf(), world.anna.token),
  resumeUser: () => call(world.client, "suspendUser", { tenantId: "", userId: "otto" }, world.anna.token),
  enableAdmin: () => call(world.client, "disableAdmin", { adminId: "bob" }, world.anna.token),
};

test.each(Object.entries(STOPS))(
  "%s: done, a crash, and stopped again meanwhile: it stays stopped",
  async (name, stop) => {
    const { admins } = world;
    const what = ACTIONS[name];
    if (what === undefined) throw new Error(`no action ${name}`);
    const changeId = await approved(what());
    await doneAndDied(changeId);
    // What is told of two stops of one moment is one alert.
    admins.world.clock.advance(1);
    await stop();
    const before = await standing();
    await admins.carryOut(changeId);
    expect(await standing()).toEqual(before);
  },
);

async function standing(): Promise<unknown> {
  const { given, tenantId, botId, identity } = world.admins.world;
  const [app, bot] = [appKey(tenantId, appId), botKey(tenantId, botId)];
  const user = await world.admins.world.user({ ...identity, userId: "otto" });
  return [
    (await given.store.load(shardOfKey(app), app)).entities[0].body,
    (await given.store.load(shardOfKey(bot), bot)).entities[0].body,
    (await given.store.load(ADMINISTRATION_SHARD, adminKey("bob"))).entities[0].body?.state,
    user.state,
  ];
}

test("of two that want one name at once, one alone gets it, and its token alone opens something", async () => {
  const { admins, anna, client } = world;
  const tokens = [world.draw("cs_app_"), world.draw("cs_app_")];
  const changes: HexId[] = [];
  for (const token of tokens) {
    const value = { name: "shop", scope: AppScope.SUBMIT, tokenSha256: hashOf(token) };
    changes.push(await approved({ $case: "createApp", value }));
  }
  await Promise.all(changes.map((changeId) => admins.carryOut(changeId)));
  const ended = await Promise.all(changes.map((changeId) => admins.change(client, anna, changeId)));
  expect(ended.map(({ state }) => state).toSorted((one, other) => one - other)).toEqual([
    ChangeState.APPLIED,
    ChangeState.FAILED,
  ]);
  expect(ended.find(({ state }) => state === ChangeState.FAILED)?.failure).toBe("ALREADY_EXISTS");
  const opened = await Promise.all(
    tokens.map(async (token) => {
      const key = tokenKey(tokenId(token));
      const { entities } = await admins.world.given.store.load(shardOfKey(key), key);
      const holder = entities[0].body;
      if (holder?.kind !== "app") return false;
      const app = appKey(holder.tenantId, holder.appId);
      return (await admins.world.given.store.load(shardOfKey(app), app)).entities[0].body !== undefined;
    }),
  );
  expect(opened.filter(Boolean)).toHaveLength(1);
});

test("its own tenant has no apps, and its administrators are not resumed like users", async () => {
  const { admins, anna, client } = world;
  for (const what of [ACTIONS["createApp"]?.(), ACTIONS["resumeUser"]?.()]) {
    if (what === undefined) throw new Error("no such action");
    await expect(admins.request(client, anna, what, ADMINISTRATION)).rejects.toThrow(/administrat/i);
  }
});
