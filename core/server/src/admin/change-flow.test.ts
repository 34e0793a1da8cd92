import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import {
  AdminServiceListAppsRequest,
  AdminServiceListChangesRequest,
  AppScope,
  ChangeState,
  Role,
  type Action,
  type AdminServiceClient,
} from "@countersign/proto/node/admin/v1/admin_service";
import type { UserServiceClient } from "@countersign/proto/node/core/v1/user_service";
import { RejectReason } from "@countersign/protocol";
import { loadBot } from "./program-rules.ts";
import { isRefusal } from "../rpc/refusal.ts";
import { ADMINISTRATION } from "../store/entity.ts";
import { hashOf, ServedAdmins, type AdminWorld, type TestAdmin } from "../testing/admin-world.ts";
import { call, refused } from "../testing/call.ts";
import { submitStatement } from "../verification/submit-statement.ts";

let admins: AdminWorld;
let client: AdminServiceClient;
let users: UserServiceClient;
let anna: TestAdmin;
let bob: TestAdmin;

let world: ServedAdmins;

async function reopen(options: Parameters<typeof ServedAdmins.open>[0] = {}): Promise<void> {
  world = await ServedAdmins.open(options);
  ({ admins, client, users, anna, bob } = world);
}

beforeEach(() => reopen());
afterEach(() => world.close());

const draw = (prefix: string): string => world.draw(prefix);

function newApp(token: string, name = "shop"): NonNullable<Action["what"]> {
  return { $case: "createApp", value: { name, scope: AppScope.SUBMIT, tokenSha256: hashOf(token) } };
}

function policy(document: object, expectedVersion = 1): NonNullable<Action["what"]> {
  return { $case: "setPolicy", value: { documentJson: JSON.stringify(document), expectedVersion } };
}

function invite(name: string, token: string): NonNullable<Action["what"]> {
  const value = { adminId: name, role: Role.OWNER, tenantId: "", invitationSha256: hashOf(token) };
  return { $case: "createAdmin", value };
}

const stateOf = async (changeId: string | undefined): Promise<ChangeState> =>
  (await admins.change(client, anna, changeId ?? "")).state;

const policyVersion = async (): Promise<number> =>
  (await call(client, "getPolicy", { tenantId: "" }, anna.token)).policy?.version ?? 0;

describe("one key", () => {
  test("a new app opens nothing before the key confirmed, and then what it was made for", async () => {
    const token = draw("cs_app_");
    const asked = await admins.request(client, anna, newApp(token));
    expect(asked.change).toMatchObject({ state: ChangeState.REQUESTED, approvalsNeeded: 1, requestedBy: "anna" });
    expect((await refused(call(users, "get", { userId: "erika" }, token))).reason).toBe("UNAUTHENTICATED");
    await admins.confirm(anna, asked);
    expect(await stateOf(asked.change?.changeId)).toBe(ChangeState.APPLIED);
    expect((await call(users, "get", { userId: "erika" }, token)).user?.userId).toBe("erika");
    const { apps } = await call(
      client,
      "listApps",
      AdminServiceListAppsRequest.create({ nameContains: "shop" }),
      anna.token,
    );
    expect(apps).toMatchObject([{ appId: asked.change?.createdId, name: "shop", scope: AppScope.SUBMIT }]);
  });

  test("key and chat show what the change says, and a digest of all of it", async () => {
    const asked = await admins.request(client, anna, newApp(draw("cs_app_")));
    const values = (asked.transaction?.lines ?? []).map(({ value }) => value);
    expect(values.slice(0, 5)).toEqual(["New app", "app shop", "submit", "Tenant Example Bank", "Asked for by anna"]);
    expect(asked.change?.lines).toEqual(asked.transaction?.lines);
    expect(asked.transaction?.issuerName).toBe("Countersign admin");
  });

  test("the same request_id is the same change; another body under it is refused", async () => {
    const token = draw("cs_app_");
    const request = { requestId: "once", tenantId: "", action: { what: newApp(token) } };
    const [one, other] = [
      await call(client, "requestChange", request, anna.token),
      await call(client, "requestChange", request, anna.token),
    ];
    expect(other.change?.changeId).toBe(one.change?.changeId);
    expect(other.transaction?.transactionId).toBe(one.transaction?.transactionId);
    const altered = { ...request, action: { what: newApp(token, "other") } };
    expect((await refused(call(client, "requestChange", altered, anna.token))).reason).toBe("IDEMPOTENCY_CONFLICT");
  });

  test("carrying it out again changes nothing", async () => {
    const asked = await admins.request(client, anna, newApp(draw("cs_app_")));
    await admins.confirm(anna, asked);
    await admins.carryOut(asked.change?.changeId ?? "");
    const { apps } = await call(client, "listApps", AdminServiceListAppsRequest.create(), anna.token);
    expect(apps.filter(({ name }) => name === "shop")).toHaveLength(1);
  });

  test("a token with an overlap: the old one counts until then, and no moment longer", async () => {
    const [old, young] = [draw("cs_app_"), draw("cs_app_")];
    const made = await admins.request(client, anna, newApp(old));
    await admins.confirm(anna, made);
    const appId = made.change?.createdId ?? "";
    const overlap = { seconds: 60n, nanos: 0 };
    const value = { holder: { $case: "appId", value: appId } as const, tokenSha256: hashOf(young), overlap };
    await admins.confirm(anna, await admins.request(client, anna, { $case: "addToken", value }));
    await call(users, "get", { userId: "erika" }, old);
    admins.world.clock.advance(60_000);
    expect((await refused(call(users, "get", { userId: "erika" }, old))).reason).toBe("UNAUTHENTICATED");
    await call(users, "get", { userId: "erika" }, young);
  });

  test("a hash that opens something already cannot be given to another", async () => {
    const { token } = await admins.world.addApp(admins.world.tenantId, "execute");
    const ended = await refused(admins.request(client, anna, newApp(token)));
    expect(ended.reason).toBe("ALREADY_EXISTS");
  });

  test("a paused bot runs again once the key confirmed", async () => {
    const { botId, tenantId, given } = admins.world;
    await call(client, "pauseBot", { tenantId: "", botId }, anna.token);
    const asked = await admins.request(client, anna, { $case: "resumeBot", value: { botId } });
    expect((await loadBot(given, tenantId, botId))?.paused).toBe(true);
    await admins.confirm(anna, asked);
    expect((await loadBot(given, tenantId, botId))?.paused).toBe(false);
  });

  test("a suspended user is again what he was: who was frozen stays frozen, and only a THAW on his own key frees him", async () => {
    await call(client, "freezeUser", { tenantId: "", userId: "erika" }, anna.token);
    await call(client, "suspendUser", { tenantId: "", userId: "erika" }, anna.token);
    const resume = { $case: "resumeUser", value: { userId: "erika" } } as const;
    await admins.confirm(anna, await admins.request(client, anna, resume));
    expect((await admins.world.user()).state).toBe("FROZEN");
    const thaw = { $case: "thawUser", value: { userId: "erika" } } as const;
    await admins.confirm(anna, await admins.request(client, anna, thaw));
    const { state, thaw: opened } = await admins.world.user();
    expect(state).toBe("FROZEN");
    const transaction = await admins.world.transaction(opened?.txId ?? "");
    const signed = admins.world.signed(transaction);
    await submitStatement(admins.world.given, { txId: transaction.txId, tenantId: undefined, signed });
    expect((await admins.world.user()).state).toBe("ACTIVE");
  });
});

describe("threat 27: four eyes", () => {
  test("rules change when two different administrators' keys confirmed, and not before", async () => {
    const asked = await admins.request(client, anna, policy({ tries: 2, digits: 7 }));
    const changeId = asked.change?.changeId ?? "";
    expect(asked.change).toMatchObject({ approvalsNeeded: 2 });
    expect((await refused(admins.approve(client, bob, changeId))).reason).toBe("STATE_CONFLICT");
    await admins.confirm(anna, asked);
    expect(await stateOf(changeId)).toBe(ChangeState.PARTIAL);
    expect((await refused(admins.approve(client, anna, changeId))).reason).toBe("NOT_ALLOWED");
    expect(await policyVersion()).toBe(1);
    const second = await admins.approve(client, bob, changeId);
    expect(second.transaction?.lines).toEqual(asked.transaction?.lines);
    await admins.confirm(bob, second);
    expect(await stateOf(changeId)).toBe(ChangeState.APPLIED);
    expect(await policyVersion()).toBe(2);
    const shown = (asked.transaction?.lines ?? []).map(({ value }) => value);
    expect(shown).toEqual(expect.arrayContaining(["digits: 6 to 7", "tries: 3 to 2", "1 to 2"]));
  });

  test("several transactions on one administrator's key are one yes", async () => {
    const asked = await admins.request(client, anna, policy({ tries: 2 }));
    const again = await admins.approve(client, anna, asked.change?.changeId ?? "");
    await admins.confirm(anna, asked);
    await admins.confirm(anna, again);
    const change = await admins.change(client, anna, asked.change?.changeId ?? "");
    expect(change.approvals.map(({ adminId }) => adminId)).toEqual(["anna"]);
    expect(await policyVersion()).toBe(1);
  });

  test("two edit the same rules: the second one is told when he asks, or when it is carried out; nothing is half done", async () => {
    const [mine, hers] = [
      await admins.request(client, anna, policy({ tries: 2 })),
      await admins.request(client, bob, policy({ tries: 1 })),
    ];
    await admins.confirm(anna, mine);
    await admins.confirm(bob, await admins.approve(client, bob, mine.change?.changeId ?? ""));
    await admins.confirm(bob, hers);
    await admins.confirm(anna, await admins.approve(client, anna, hers.change?.changeId ?? ""));
    const late = await admins.change(client, anna, hers.change?.changeId ?? "");
    expect(late).toMatchObject({ state: ChangeState.FAILED, failure: "STATE_CONFLICT" });
    expect(await policyVersion()).toBe(2);
    const stale = await refused(admins.request(client, bob, policy({ tries: 1 })));
    expect(stale).toMatchObject({ reason: "STATE_CONFLICT", metadata: { version: "2" } });
  });

  test("who is disabled in between has confirmed nothing, and signs nothing more", async () => {
    const asked = await admins.request(client, anna, policy({ tries: 2 }));
    const changeId = asked.change?.changeId ?? "";
    await admins.confirm(anna, asked);
    const second = await admins.approve(client, bob, changeId);
    await call(client, "disableAdmin", { adminId: "bob" }, anna.token);
    const verdict = await admins.sign(bob, second);
    expect(isRefusal(verdict) && verdict.refused).toBe("USER_BLOCKED");
    const carl = await admins.addAdmin("carl", "owner");
    await call(client, "disableAdmin", { adminId: "anna" }, carl.token);
    await admins.confirm(carl, await admins.approve(client, carl, changeId));
    const change = await admins.change(client, carl, changeId);
    expect(change).toMatchObject({ state: ChangeState.FAILED, failure: "NOT_ALLOWED" });
  });

  test("the second administrator ever takes the first one's key alone; the third does not, whoever was disabled", async () => {
    await world.close();
    await reopen({ adminsEver: 1 });
    const invitation = draw("cs_invite_");
    const asked = await admins.request(client, anna, invite("dora", invitation));
    expect(asked.change?.approvalsNeeded).toBe(1);
    await admins.confirm(anna, asked);
    const own = draw("cs_admin_");
    const claim = { adminId: "", tokenSha256: hashOf(own), phrase: "", locale: "" };
    expect((await call(client, "claim", claim, invitation)).admin).toMatchObject({ adminId: "dora", role: Role.OWNER });
    expect((await call(client, "whoAmI", {}, own)).hasKey).toBe(false);
    await call(client, "disableAdmin", { adminId: "dora" }, anna.token);
    const third = await admins.request(client, anna, invite("emil", draw("cs_invite_")));
    expect(third.change?.approvalsNeeded).toBe(2);
  });
});

const claims = (invitation: string) =>
  call(client, "claim", { adminId: "", tokenSha256: hashOf(draw("cs_admin_")), phrase: "", locale: "" }, invitation);

describe("threat 27: the only administrator", () => {
  beforeEach(async () => {
    await world.close();
    await reopen({ adminsEver: 1 });
  });
  test("who invites several has one of them: the third takes the second's key", async () => {
    const [one, other] = [draw("cs_invite_"), draw("cs_invite_")];
    await admins.confirm(anna, await admins.request(client, anna, invite("dora", one)));
    await admins.confirm(anna, await admins.request(client, anna, invite("mallory", other)));
    await claims(one);
    expect((await refused(claims(other))).reason).toBe("STATE_CONFLICT");
  });

  test("what he asked for then, and signs when there is a second one, makes nobody", async () => {
    const [one, other] = [draw("cs_invite_"), draw("cs_invite_")];
    const late = await admins.request(client, anna, invite("mallory", other));
    await admins.confirm(anna, await admins.request(client, anna, invite("dora", one)));
    await claims(one);
    await admins.confirm(anna, late);
    expect(await stateOf(late.change?.changeId)).toBe(ChangeState.FAILED);
    expect((await refused(claims(other))).reason).toBe("UNAUTHENTICATED");
  });
});

describe("no", () => {
  test("a reject on the key ends the change", async () => {
    const asked = await admins.request(client, anna, newApp(draw("cs_app_")));
    const txId = asked.transaction?.transactionId ?? "";
    const transaction = await admins.world.transaction(txId);
    const signed = admins.world.reject(transaction, { reason: RejectReason.NOT_ME }, anna.key);
    await submitStatement(admins.world.given, { txId, tenantId: undefined, signed });
    const change = await admins.change(client, bob, asked.change?.changeId ?? "");
    expect(change).toMatchObject({ state: ChangeState.REJECTED, rejectedBy: "anna" });
  });

  test("a key that was shown something else ends it too", async () => {
    const asked = await admins.request(client, anna, newApp(draw("cs_app_")));
    const txId = asked.transaction?.transactionId ?? "";
    const txDigest = new Uint8Array(32).fill(9);
    const transaction = await admins.world.transaction(txId);
    await submitStatement(admins.world.given, {
      ...{ txId, tenantId: undefined },
      signed: admins.world.signed(transaction, { txDigest }, anna.key),
    });
    expect(await stateOf(asked.change?.changeId)).toBe(ChangeState.REJECTED);
    const request = { tenantId: ADMINISTRATION, transactionId: txId };
    const told = await call(client, "getTransaction", request, anna.token);
    expect(new Uint8Array(told.signedDigest)).toEqual(txDigest);
    expect(told.events.map(({ event }) => event)).toContain("statement.tampered");
  });

  test("RejectChange takes the prompt from the key that is asked", async () => {
    const asked = await admins.request(client, anna, newApp(draw("cs_app_")));
    const changeId = asked.change?.changeId ?? "";
    await call(client, "rejectChange", { changeId, reason: "not now" }, bob.token);
    expect((await admins.world.transaction(asked.transaction?.transactionId ?? "")).state).toBe("CANCELLED");
    expect((await refused(admins.approve(client, anna, changeId))).reason).toBe("STATE_CONFLICT");
  });

  test("after a week it is over", async () => {
    const asked = await admins.request(client, anna, policy({ tries: 2 }));
    await admins.confirm(anna, asked);
    admins.world.clock.advance(7 * 24 * 3_600_000);
    expect(await stateOf(asked.change?.changeId)).toBe(ChangeState.EXPIRED);
    expect((await refused(admins.approve(client, bob, asked.change?.changeId ?? ""))).reason).toBe("STATE_CONFLICT");
  });
});

describe("what cannot be asked for is refused before anything is stored", () => {
  const cases: readonly (readonly [string, () => NonNullable<Action["what"]>, string, string])[] = [
    ["a name in capitals", () => newApp(draw("cs_app_"), "Shop"), "BAD_INPUT", "action.create_app.name"],
    ["no JSON", () => ({ $case: "setPolicy", value: { documentJson: "{", expectedVersion: 1 } }), "BAD_INPUT", "JSON"],
    ["a policy that breaks its limits", () => policy({ tries: 9 }), "BAD_INPUT", "tries: must be at most 5"],
    ["no approver at all", () => policy({ adminApprovals: { low: 0 } }), "BAD_INPUT", "low: must be at least 1"],
    ["fewer for more", () => policy({ adminApprovals: { medium: 3, high: 2 } }), "BAD_INPUT", "must not fall"],
    [
      "an approver who is no user",
      () => policy({ approvers: [{ users: ["erika", "nobody"], needed: 1 }] }),
      "BAD_INPUT",
      "approvers.0.users.1: the tenant has no user nobody",
    ],
    ["rules as they are", () => policy({}), "BAD_INPUT", "it changes nothing"],
    ["an unknown bot", () => ({ $case: "resumeBot", value: { botId: "0".repeat(32) } }), "NOT_FOUND", "bot_id"],
    [
      "an issuer twice",
      () => ({ $case: "createTenant", value: { name: "n", issuer: "Example Bank" } }),
      "ALREADY_EXISTS",
      "issuer",
    ],
    [
      "an issuer too long",
      () => ({ $case: "createTenant", value: { name: "n", issuer: "x".repeat(21) } }),
      "BAD_INPUT",
      "issuer",
    ],
    [
      "a short hash",
      () => ({ $case: "createBot", value: { name: "b", platform: "telegram", tokenSha256: Buffer.alloc(31) } }),
      "BAD_INPUT",
      "32 bytes",
    ],
    [
      "who changes the rules of the administration and is no owner",
      () => ({
        $case: "createAdmin",
        value: { adminId: "dora", role: Role.ADMIN, tenantId: ADMINISTRATION, invitationSha256: Buffer.alloc(32) },
      }),
      "BAD_INPUT",
      "is an owner",
    ],
    [
      "an administrator's name again",
      () => ({
        $case: "createAdmin",
        value: { adminId: "bob", role: Role.OWNER, tenantId: "", invitationSha256: Buffer.alloc(32) },
      }),
      "ALREADY_EXISTS",
      "bob",
    ],
  ];
  test.each(cases)("%s", async (_name, what, reason, says) => {
    const ended = await refused(admins.request(client, anna, what()));
    expect(ended.reason).toBe(reason);
    expect(ended.message).toContain(says);
    expect((await call(client, "listChanges", AdminServiceListChangesRequest.create(), anna.token)).changes).toEqual(
      [],
    );
    expect((await admins.world.user({ tenantId: ADMINISTRATION, userId: "anna" })).open).toEqual([]);
  });

  test("a request without an action", async () => {
    const request = { requestId: "r", tenantId: "", action: undefined };
    expect((await refused(call(client, "requestChange", request, anna.token))).message).toContain("action.what");
  });
});
