// Who is stopped as a user has no session from then on, whoever stopped him and however.
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { RejectReason } from "@countersign/protocol";
import { ADMINISTRATION } from "../store/entity.ts";
import { hashOf, ServedAdmins, type TestAdmin } from "../testing/admin-world.ts";
import { call, refused } from "../testing/call.ts";
import { happen } from "../transaction/happen.ts";
import { submitStatement } from "../verification/submit-statement.ts";
import { sessionStands } from "./session.ts";

let opened: ServedAdmins;
let carl: TestAdmin;
let session: string;
beforeEach(async () => {
  opened = await ServedAdmins.open();
  carl = await opened.admins.addAdmin("carl", "owner");
  session = await opened.admins.addSession(carl);
  opened.admins.world.clock.advance(1);
});
afterEach(() => opened.close());

const OF_CARL = { tenantId: ADMINISTRATION, userId: "carl" };
const whoAmI = (token: string): Promise<unknown> => call(opened.client, "whoAmI", {}, token);

/** A change that waits for his key. */
async function asked(): Promise<string> {
  opened.admins.world.clock.advance(60_000);
  const what = { $case: "createTenant", value: { name: "Other", issuer: "Other" } } as const;
  const { transaction } = await opened.admins.request(opened.client, carl, what);
  return transaction?.transactionId ?? "";
}

const STOPS: Readonly<Record<string, () => Promise<unknown>>> = {
  "another administrator freezes him": () => call(opened.client, "freezeUser", OF_CARL, opened.anna.token),
  "he freezes himself, by the session": () => call(opened.client, "freezeUser", OF_CARL, session),
  "not me, in his chat": async () => {
    const veto = { type: "vetoed", reason: RejectReason.NOT_ME, onKey: false, mayFreeze: true } as const;
    return happen(opened.admins.world.given, await asked(), veto, "bot:x");
  },
  "wrong codes in a row": async () => {
    const { world } = opened.admins;
    while ((await world.user(OF_CARL)).state === "ACTIVE") {
      const txId = await asked();
      const transaction = await world.transaction(txId);
      const signed = world.signed(transaction, { code: world.wrongCode(transaction) }, carl.key);
      await submitStatement(world.given, { txId, tenantId: undefined, signed });
    }
  },
};

test.each(Object.entries(STOPS))("%s: his sessions end, and do not come back with him", async (_how, stop) => {
  await whoAmI(session);
  await stop();
  expect((await refused(whoAmI(session))).reason).toBe("UNAUTHENTICATED");
  // What his programs hold is ended by RevokeToken or DisableAdmin.
  await whoAmI(carl.token);
  opened.admins.world.clock.advance(1);
  await opened.admins.world.changeUser({ state: "ACTIVE" }, OF_CARL);
  expect((await refused(whoAmI(session))).reason).toBe("UNAUTHENTICATED");
  await whoAmI(await opened.admins.addSession(carl));
});

test("who is stopped after his key signed and before the page took it up has no session, also when he is back", async () => {
  const { world } = opened.admins;
  const token = opened.draw("cs_admin_");
  const begin = { adminId: "carl", tokenSha256: hashOf(token) };
  const { transaction, confirmationToken } = await call(opened.client, "beginLogin", begin);
  const txId = transaction?.transactionId ?? "";
  const signed = world.signed(await world.transaction(txId), {}, carl.key);
  expect(await submitStatement(world.given, { txId, tenantId: undefined, signed })).toMatchObject({
    state: "EXECUTED",
  });
  await call(opened.client, "freezeUser", OF_CARL, opened.anna.token);
  const finish = () => call(opened.client, "finishLogin", {}, confirmationToken);
  expect((await refused(finish())).code).not.toBe(0);
  await world.changeUser({ state: "ACTIVE" }, OF_CARL);
  expect((await refused(finish())).code).not.toBe(0);
  expect((await refused(whoAmI(token))).reason).toBe("UNAUTHENTICATED");
});

const issued = (issuedAt: number) => ({ id: "t", issuedAt, session: true }) as const;

test("of the moment in which he was stopped none stands", () => {
  expect(sessionStands(issued(7), undefined)).toBe(false);
  expect(sessionStands(issued(7), { state: "ACTIVE" })).toBe(true);
  const stands = [6, 7, 8].map((at) => sessionStands(issued(at), { state: "ACTIVE", stoppedAt: 7 }));
  expect(stands).toEqual([false, false, true]);
});
