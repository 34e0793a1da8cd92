// What keys confirmed, and counts no more when it is carried out.
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { ChangeState, type Action, type Change } from "@countersign/proto/node/admin/v1/admin_service";
import { RejectReason } from "@countersign/protocol";
import { isRefusal } from "../rpc/refusal.ts";
import { ADMINISTRATION } from "../store/entity.ts";
import { ServedAdmins, type TestAdmin } from "../testing/admin-world.ts";
import { call } from "../testing/call.ts";
import { happen } from "../transaction/happen.ts";
import { submitStatement } from "../verification/submit-statement.ts";

let world: ServedAdmins;
let carl: TestAdmin;
beforeEach(async () => {
  world = await ServedAdmins.open({ policy: { adminApprovals: { low: 2, medium: 2, high: 2 } } });
  carl = await world.admins.addAdmin("carl", "owner");
});
afterEach(() => world.close());

const resume = (): NonNullable<Action["what"]> => ({
  $case: "resumeBot",
  value: { botId: world.admins.world.botId },
});

/** Asked for and confirmed by anna; bob's yes ends it. */
async function partial(what = resume(), tenantId = ""): Promise<{ changeId: string; txId: string }> {
  const asked = await world.admins.request(world.client, world.anna, what, tenantId);
  await world.admins.confirm(world.anna, asked);
  return { changeId: asked.change?.changeId ?? "", txId: asked.transaction?.transactionId ?? "" };
}

async function ended(changeId: string): Promise<Change> {
  const { admins, client, bob } = world;
  await admins.confirm(bob, await admins.approve(client, bob, changeId));
  return admins.change(client, bob, changeId);
}

const annas = { tenantId: ADMINISTRATION, userId: "anna" } as const;

/** What a person does who was robbed of key and phone, or an administrator for her. */
const STOPS: Readonly<Record<string, () => Promise<unknown>>> = {
  "she is frozen": () => call(world.client, "freezeUser", annas, carl.token),
  "her key is revoked": () =>
    call(world.client, "revokeKey", { tenantId: ADMINISTRATION, keyId: world.anna.key.keyId }, carl.token),
  "she is frozen and has thawed": async () => {
    await call(world.client, "freezeUser", annas, carl.token);
    const { admins, client } = world;
    const asked = await admins.request(client, carl, { $case: "thawUser", value: { userId: "anna" } }, ADMINISTRATION);
    await admins.confirm(carl, asked);
    await admins.confirm(world.bob, await admins.approve(client, world.bob, asked.change?.changeId ?? ""));
    const { thaw } = await admins.world.user(annas);
    const txId = thaw?.txId ?? "";
    const signed = admins.world.signed(await admins.world.transaction(txId), {}, world.anna.key);
    expect(isRefusal(await submitStatement(admins.world.given, { txId, tenantId: undefined, signed }))).toBe(false);
    expect((await admins.world.user(annas)).state).toBe("ACTIVE");
  },
  "she is disabled and enabled": async () => {
    await call(world.client, "disableAdmin", { adminId: "anna" }, carl.token);
    const { admins, client } = world;
    const asked = await admins.request(client, carl, { $case: "enableAdmin", value: { adminId: "anna" } });
    await admins.confirm(carl, asked);
    await admins.confirm(world.bob, await admins.approve(client, world.bob, asked.change?.changeId ?? ""));
    expect((await admins.world.user(annas)).state).toBe("ACTIVE");
  },
};

describe("threat 27: a yes counts no more once", () => {
  test.each(Object.entries(STOPS))("%s", async (_how, stop) => {
    await call(world.client, "pauseBot", { tenantId: "", botId: world.admins.world.botId }, carl.token);
    const { changeId } = await partial();
    world.admins.world.clock.advance(1);
    await stop();
    // Five prompts a minute.
    world.admins.world.clock.advance(60_000);
    expect(await ended(changeId)).toMatchObject({ state: ChangeState.FAILED, failure: "NOT_ALLOWED" });
  });

  test("she says no in her chat after her yes", async () => {
    const { changeId, txId } = await partial();
    const veto = { type: "vetoed", reason: RejectReason.CHANGED_MY_MIND, onKey: false, mayFreeze: true } as const;
    await happen(world.admins.world.given, txId, veto, "bot:x");
    const change = await world.admins.change(world.client, world.bob, changeId);
    expect(change).toMatchObject({ state: ChangeState.REJECTED, rejectedBy: "anna" });
  });
});

describe("a stop that came after it was asked for is not what it ends", () => {
  const rows: Readonly<Record<string, { stop: () => Promise<unknown>; what: () => NonNullable<Action["what"]> }>> = {
    "a bot that is paused": {
      stop: () => call(world.client, "pauseBot", { tenantId: "", botId: world.admins.world.botId }, carl.token),
      what: resume,
    },
    "a bot that is disabled": {
      stop: () => call(world.client, "disableBot", { tenantId: "", botId: world.admins.world.botId }, carl.token),
      what: () => ({ $case: "enableBot", value: { botId: world.admins.world.botId } }),
    },
    "a user who is suspended": {
      stop: () => call(world.client, "suspendUser", { tenantId: "", userId: "erika" }, carl.token),
      what: () => ({ $case: "resumeUser", value: { userId: "erika" } }),
    },
    "an administrator who is disabled": {
      stop: () => call(world.client, "disableAdmin", { adminId: "carl" }, world.bob.token),
      what: () => ({ $case: "enableAdmin", value: { adminId: "carl" } }),
    },
  };
  test.each(Object.entries(rows))("%s", async (_name, { stop, what }) => {
    const { changeId } = await partial(what());
    world.admins.world.clock.advance(1);
    await stop();
    expect(await ended(changeId)).toMatchObject({ state: ChangeState.FAILED, failure: "STATE_CONFLICT" });
  });

  test("an app that is disabled", async () => {
    const { appId } = await world.admins.world.addApp(world.admins.world.tenantId, "submit");
    const { changeId } = await partial({ $case: "enableApp", value: { appId } });
    world.admins.world.clock.advance(1);
    await call(world.client, "disableApp", { tenantId: "", appId }, carl.token);
    expect(await ended(changeId)).toMatchObject({ state: ChangeState.FAILED, failure: "STATE_CONFLICT" });
  });
});
