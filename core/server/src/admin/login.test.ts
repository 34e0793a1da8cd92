import type { AdminServiceBeginLoginResponse } from "@countersign/proto/node/admin/v1/admin_service";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { adminKey } from "../identity/entity-key.ts";
import { isRefusal } from "../rpc/refusal.ts";
import { call, refused } from "../testing/call.ts";
import { hashOf, ServedAdmins, type TestAdmin } from "../testing/admin-world.ts";
import { submitStatement } from "../verification/submit-statement.ts";
import { ADMINISTRATION_SHARD } from "../store/entity.ts";
import { beginLogin } from "./login.ts";
import { fingerprintOfSession, MOST_SESSIONS, SESSION_MS } from "./session.ts";

let opened: ServedAdmins;
beforeAll(async () => (opened = await ServedAdmins.open()));
afterAll(() => opened.close());

/** Hours on, so that no test sees another one's limits. */
function later(): void {
  opened.admins.world.clock.advance(7_200_000);
}

async function admin(name: string, role: "owner" | "auditor" = "auditor"): Promise<TestAdmin> {
  later();
  return opened.admins.addAdmin(name, role);
}

interface Login {
  readonly token: string;
  readonly begun: AdminServiceBeginLoginResponse;
}

async function begin(adminId: string, token = opened.draw("cs_admin_")): Promise<Login> {
  const begun = await call(opened.client, "beginLogin", { adminId, tokenSha256: hashOf(token) }, undefined);
  return { token, begun };
}

async function sign(by: TestAdmin, { begun }: Login): Promise<string> {
  const { world } = opened.admins;
  const txId = begun.transaction?.transactionId ?? "";
  const signed = world.signed(await world.transaction(txId), {}, by.key);
  const verdict = await submitStatement(world.given, { txId, tenantId: undefined, signed });
  return isRefusal(verdict) ? verdict.refused : verdict.state;
}

const finish = ({ begun }: Login) => call(opened.client, "finishLogin", {}, begun.confirmationToken);
const whoAmI = (token: string) => call(opened.client, "whoAmI", {}, token);

async function loggedIn(by: TestAdmin): Promise<Login> {
  const login = await begin(by.adminId);
  expect(await sign(by, login)).toBe("EXECUTED");
  await finish(login);
  return login;
}

test("a session opens after the key has signed what the page showed, and ends with its time", async () => {
  const dora = await admin("dora");
  const login = await begin("dora");
  const { lines = [], kind } = login.begun.transaction ?? {};
  expect(kind).toBe(6);
  expect(lines.map(({ value }) => value)).toEqual([
    "Administrators' console",
    `Session ${fingerprintOfSession(hashOf(login.token))}`,
    expect.stringMatching(/^Ends \d{4}-\d\d-\d\d \d\d:\d\d UTC$/),
  ]);
  expect((await refused(whoAmI(login.token))).reason).toBe("UNAUTHENTICATED");
  expect((await refused(finish(login))).code).toBe(9);
  expect(await sign(dora, login)).toBe("EXECUTED");
  // The token opens nothing by being signed for alone: its owner takes the session up.
  expect((await refused(whoAmI(login.token))).reason).toBe("UNAUTHENTICATED");
  const { adminId, expiresAt } = await finish(login);
  expect(adminId).toBe("dora");
  expect((await whoAmI(login.token)).admin?.adminId).toBe("dora");
  const until = Number(expiresAt?.seconds) * 1000;
  opened.admins.world.clock.advance(until - opened.admins.world.given.store.now() - 1_000);
  expect((await whoAmI(login.token)).admin?.adminId).toBe("dora");
  opened.admins.world.clock.advance(2_000);
  expect((await refused(whoAmI(login.token))).reason).toBe("UNAUTHENTICATED");
  expect((await refused(finish(login))).code).toBe(9);
});

test("begun again with the same token it is the same LOGIN; signed and finished again it is one session", async () => {
  const emil = await admin("emil");
  const login = await begin("emil");
  const again = await begin("emil", login.token);
  expect(again.begun.transaction?.transactionId).toBe(login.begun.transaction?.transactionId);
  expect(again.begun.confirmationToken).toBe(login.begun.confirmationToken);
  expect([await sign(emil, login), await sign(emil, again)]).toEqual(["EXECUTED", "STATE_CONFLICT"]);
  await Promise.all([finish(login), finish(again)]);
  const { admin: held } = await whoAmI(login.token);
  expect(held?.tokens).toHaveLength(2);
});

test("another transaction's token, an administrator's or none finishes no login", async () => {
  const fred = await admin("fred", "owner");
  const asked = await opened.admins.request(opened.client, fred, {
    $case: "createTenant",
    value: { name: "x", issuer: "Bank of Fred" },
  });
  expect((await refused(call(opened.client, "finishLogin", {}, asked.confirmationToken))).code).toBe(7);
  for (const token of [fred.token, undefined]) {
    expect((await refused(call(opened.client, "finishLogin", {}, token))).code).not.toBe(0);
  }
});

test("threat 26: every name that cannot log in is answered as one that nobody has", async () => {
  const { world } = opened.admins;
  const [gone, cold] = [await admin("gone"), await admin("cold")];
  await call(opened.client, "disableAdmin", { adminId: gone.adminId }, opened.anna.token);
  await call(opened.client, "freezeUser", { tenantId: "0".repeat(31) + "1", userId: cold.adminId }, opened.anna.token);
  const body = {
    adminId: "bare",
    role: "auditor",
    tenantId: "",
    state: "ACTIVE",
    createdAt: 0,
    claimed: true,
  } as const;
  await world.commit(ADMINISTRATION_SHARD, [
    { key: adminKey("bare"), expected: "", body: { ...body, tokens: { listed: [] } }, index: {} },
  ]);
  const answers = await Promise.all(
    ["nobody-of-this-name", "gone", "cold", "bare"].map((name) => refused(begin(name))),
  );
  const [nobody, ...others] = answers;
  expect(nobody).toMatchObject({ code: 5, reason: "NOT_FOUND" });
  for (const other of others) expect(other).toEqual(nobody);
});

test("threat 25: who knows a name prompts its owner twice at a time and six times an hour, and what he did is forgotten", async () => {
  const gina = await admin("gina");
  const { world } = opened.admins;
  for (let round = 0; round < 3; round += 1) {
    await Promise.all([begin("gina"), begin("gina")]);
    expect((await refused(begin("gina"))).reason).toBe("NOT_FOUND");
    world.clock.advance(700_000);
  }
  expect((await refused(begin("gina"))).reason).toBe("NOT_FOUND");
  later();
  await loggedIn(gina);
});

test("however many are begun at a time, they take two of his places, and his changes have the others", async () => {
  const nils = await admin("nils", "owner");
  const tokens = Array.from({ length: 5 }, () => hashOf(opened.draw("cs_admin_")));
  const { given } = opened.admins.world;
  const begun = await Promise.all(tokens.map((tokenSha256) => beginLogin(given, { adminId: "nils", tokenSha256 })));
  expect(begun.filter((one) => !isRefusal(one))).toHaveLength(2);
  const { botId } = opened.admins.world;
  await opened.admins.request(opened.client, nils, { $case: "resumeBot", value: { botId } });
});

test("one session more than may be ends the oldest, and no token of another kind", async () => {
  const hugo = await admin("hugo");
  const logins: Login[] = [];
  for (let made = 0; made <= MOST_SESSIONS; made += 1) {
    logins.push(await loggedIn(hugo));
    opened.admins.world.clock.advance(61_000);
  }
  const [oldest, ...kept] = logins;
  expect((await refused(whoAmI(oldest?.token ?? ""))).reason).toBe("UNAUTHENTICATED");
  for (const { token } of kept) await whoAmI(token);
  expect((await whoAmI(hugo.token)).admin?.tokens).toHaveLength(1 + MOST_SESSIONS);
});

test("who is disabled between begin and signature has no session, and none when he is enabled", async () => {
  const ivan = await admin("ivan");
  const login = await begin("ivan");
  const whole = await loggedIn(ivan);
  await call(opened.client, "disableAdmin", { adminId: "ivan" }, opened.anna.token);
  expect(await sign(ivan, login)).not.toBe("EXECUTED");
  expect((await refused(finish(login))).code).not.toBe(0);
  expect((await refused(whoAmI(whole.token))).reason).toBe("UNAUTHENTICATED");
});

test("a LOGIN that came to its end opens nothing", async () => {
  const jana = await admin("jana");
  const login = await begin("jana");
  opened.admins.world.clock.advance(SESSION_MS);
  expect(await sign(jana, login)).toBe("EXPIRED");
  expect((await refused(finish(login))).code).not.toBe(0);
});

test("whoever it is ends his own session, and nobody else's by its hash", async () => {
  const [kora, lars] = [await admin("kora"), await admin("lars")];
  const [hers, his] = [await loggedIn(kora), await loggedIn(lars)];
  await call(opened.client, "logOut", { tokenSha256: hashOf(his.token) }, hers.token);
  await whoAmI(his.token);
  await call(opened.client, "logOut", { tokenSha256: hashOf(hers.token) }, hers.token);
  expect((await refused(whoAmI(hers.token))).reason).toBe("UNAUTHENTICATED");
  // The LOGIN that began it begins it no second time.
  expect((await refused(finish(hers))).code).not.toBe(0);
});

test("a hash that is another's token gives its drawer nothing", async () => {
  const mona = await admin("mona");
  const login = await begin("mona", opened.bob.token);
  expect(await sign(mona, login)).toBe("EXECUTED");
  expect((await refused(finish(login))).code).not.toBe(0);
  expect((await whoAmI(opened.bob.token)).admin?.adminId).toBe("bob");
});
