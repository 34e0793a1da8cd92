// Whose key, whose chat: enrolment and linking, with an attacker who holds the token.
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { KeyState } from "@countersign/proto/node/core/v1/key_service";
import { tempFolder } from "@countersign/testing";
import { runOnce, startChild } from "@countersign/testing/child";
import { newPayment } from "../new-payment.ts";
import { connect, last } from "../parts.ts";
import { enrolOnKey, followEnrolment } from "./enrolment.ts";
import { reasonOf } from "./error-info.ts";
import { Hands, Reason } from "./hands.ts";
import { expectExit, Scene, type Somebody } from "./scene.ts";

const folder = tempFolder();
let scene: Scene;

beforeAll(async () => {
  scene = await Scene.open({ folder, mode: "B" });
}, 400_000);
afterAll(() => scene?.close());

/** A user without key and chat, at the shared desk. */
async function stranger(): Promise<Somebody> {
  const { userId, chatId } = scene.newcomer();
  await scene.parts.users.create({ requestId: randomUUID(), userId, phrase: "blue teapot", locale: "en" });
  return scene.meet({ ...scene.desk, userId, phoneUrl: scene.installation.phoneOf(chatId) });
}

/** A user with a key and no chat. */
async function withKey(): Promise<Somebody> {
  const somebody = await stranger();
  await enrol(somebody, { serial: scene.desk.serial });
  return somebody;
}

const begin = ({ desk }: Somebody, more: { serial?: string; digits?: boolean } = {}) =>
  scene.parts.keys.beginEnrolment({
    ...{ requestId: randomUUID(), userId: desk.userId, serial: "", digits: false },
    ...more,
  });

async function enrol(somebody: Somebody, more: { serial?: string } = {}) {
  const begun = await begin(somebody, more);
  const made = await enrolOnKey(scene.parts, somebody.desk, begun);
  const { enrolmentToken } = begun;
  const { signedEnrolment } = made;
  return { ...made, enrolmentToken, ...(await scene.parts.keys.finishEnrolment({ enrolmentToken, signedEnrolment })) };
}

async function keysOf({ desk: { userId } }: Somebody): Promise<(KeyState | undefined)[]> {
  return (await scene.parts.keys.list({ userId })).keys.map(({ state }) => state);
}

async function channelsOf({ desk: { userId } }: Somebody): Promise<string[]> {
  return (await scene.parts.links.list({ userId })).channels.map(({ peerId }) => peerId);
}

const at = (name: string): string => join(folder, "production", name);

const chatIdOf = ({ desk }: Somebody): string => desk.phoneUrl.split("/").at(-1) ?? "";

/** Another phone: a chat of its own, with the same key beside it. */
const phoneOf = (chatId: string): Hands => new Hands({ ...scene.desk, phoneUrl: scene.installation.phoneOf(chatId) });

describe("a first key", () => {
  test("threat 06: that nothing names is PROVISIONAL and good for nothing until its fingerprint is confirmed", async () => {
    const somebody = await stranger();
    const { hands, run, desk } = somebody;
    const { key, fingerprint, enrolmentToken } = await enrol(somebody);
    const keyId = key?.keyId ?? "";
    expect(key?.state).toBe(KeyState.PROVISIONAL);
    const { links, keys } = scene.parts;
    const { linkId, linkToken } = await links.beginLink({
      requestId: "a",
      userId: desk.userId,
      platform: "telegram",
      address: "",
    });
    await hands.phone.send(`/start ${linkToken}`);
    const { reason } = await last(links.watchLink({ linkId, userId: desk.userId }));
    expect(reason).toBe("KEY_NOT_ACCEPTED");
    expect(await reasonOf(newPayment(scene.parts, desk.userId))).toBe("KEY_NOT_ACCEPTED");

    const other = await enrolOnKey(scene.parts, desk, await begin(somebody));
    const { signedEnrolment } = other;
    expect(await reasonOf(keys.finishEnrolment({ enrolmentToken, signedEnrolment }))).not.toBe("OK");
    const wrong = other.fingerprint;
    await expectExit(run("key", "confirm", keyId, "--fingerprint", wrong), 2);
    expect(await keysOf(somebody)).toEqual([KeyState.PROVISIONAL]);
    await expectExit(run("key", "confirm", keyId, "--fingerprint", fingerprint), 0);
    expect(await keysOf(somebody)).toEqual([KeyState.ACTIVE]);
  }, 400_000);

  test("threat 06: of another serial than was named is refused and not stored", async () => {
    const somebody = await stranger();
    const begun = await begin(somebody, { serial: "EMU-STOLEN" });
    const { signedEnrolment } = await enrolOnKey(scene.parts, somebody.desk, begun);
    const { enrolmentToken } = begun;
    expect(await reasonOf(scene.parts.keys.finishEnrolment({ enrolmentToken, signedEnrolment }))).toBe(
      "ATTESTATION_UNTRUSTED",
    );
    expect(await keysOf(somebody)).toEqual([]);
  }, 400_000);

  test("threat 06: with digits typed on the key is ACTIVE at once, with wrong ones refused", async () => {
    const somebody = await stranger();
    const { keys } = scene.parts;
    const begun = await begin(somebody, { digits: true });
    const { enrolmentToken, digits } = begun;
    const wrong = await enrolOnKey(scene.parts, somebody.desk, begun, digits === "00000000" ? "11111111" : "00000000");
    expect(await reasonOf(keys.finishEnrolment({ enrolmentToken, signedEnrolment: wrong.signedEnrolment }))).toBe(
      "STATEMENT_MISMATCH",
    );
    const without = await enrolOnKey(scene.parts, somebody.desk, begun);
    expect(await reasonOf(keys.finishEnrolment({ enrolmentToken, signedEnrolment: without.signedEnrolment }))).toBe(
      "STATEMENT_MISMATCH",
    );
    const { signedEnrolment } = await enrolOnKey(scene.parts, somebody.desk, begun, digits);
    const { key } = await keys.finishEnrolment({ enrolmentToken, signedEnrolment });
    expect(key?.state).toBe(KeyState.ACTIVE);
  }, 400_000);

  test("threat 06: an emulator is refused by a core that is not for development", async () => {
    const where = ["--data", at("data"), "--secrets", at("secrets")];
    await runOnce("core/server/src/main.ts", [
      ...["bootstrap", ...where, "--out", at("tokens"), "--tenant", "real", "--issuer", "Real Bank"],
      ...["--app", "desk:submit", "--app", "bank:execute"],
    ]);
    const core = await startChild("core/server/src/main.ts", ["serve", ...where, "--listen", "127.0.0.1:0"]);
    const tokens = { submitTokenFile: at("tokens/desk.token"), executeTokenFile: at("tokens/bank.token") };
    const production = { ...scene.installation, coreAddress: String(core.ready["address"]), ...tokens };
    const parts = connect(production, scene.desk.daemonSocket);
    try {
      const { serial } = scene.desk;
      const userId = "anna";
      await parts.users.create({ requestId: "a", userId, phrase: "blue teapot", locale: "en" });
      // Whose first key it is, no token decides that may lie on a PC.
      const bound = parts.keys.beginEnrolment({ requestId: "b", userId, serial, digits: false });
      expect(await reasonOf(bound)).toBe("NOT_ALLOWED");
      const begun = await parts.keys.beginEnrolment({ requestId: "c", userId, serial: "", digits: false });
      const { signedEnrolment } = await enrolOnKey(parts, scene.desk, begun);
      const { enrolmentToken } = begun;
      expect(await reasonOf(parts.keys.finishEnrolment({ enrolmentToken, signedEnrolment }))).toBe(
        "ATTESTATION_UNTRUSTED",
      );
    } finally {
      parts.close();
      await core.stop();
    }
  }, 400_000);
});

describe("a further key", () => {
  test("check 19: is refused until the first one has signed its ENROL; rejected, it stays PROVISIONAL", async () => {
    const somebody = await scene.user();
    const { hands, run, desk } = somebody;
    const { key, transaction, fingerprint } = await enrol(somebody, { serial: desk.serial });
    expect(key?.state).toBe(KeyState.PROVISIONAL);
    if (transaction === undefined) throw new Error("nobody is asked");

    const payment = await newPayment(scene.parts, desk.userId);
    const keyIds = [key?.keyId ?? ""];
    expect(payment.keyIds).not.toContain(keyIds[0]);
    const signing = last(scene.parts.device.sign({ ...scene.parts.toSign(payment), keyIds }));
    await hands.confirm();
    const { event } = await signing;
    if (event?.$case !== "signed") throw new Error("the key did not sign");
    const { transactionId } = payment;
    const { signedStatement } = event.value;
    const submitting = scene.parts.verification.submitStatement({ transactionId, signedStatement });
    expect(await reasonOf(submitting)).toBe("KEY_PROVISIONAL");

    const rejecting = last(scene.parts.device.sign(scene.parts.toSign(transaction)));
    const pages = await hands.readPages();
    expect(pages.map(({ value }) => value.replaceAll(/ +/g, " "))).toContain(fingerprint);
    // A chat that was shown nothing yet is told no outcome.
    await hands.codeFor(pages);
    await hands.reject(Reason.WRONG_DATA);
    const rejected = await rejecting;
    if (rejected.event?.$case !== "signed") throw new Error("the key did not sign");
    await reasonOf(
      scene.parts.verification.submitStatement({
        transactionId: transaction.transactionId,
        signedStatement: rejected.event.value.signedStatement,
      }),
    );
    await hands.phoneSays("Stopped by you (wrong data)");
    expect(await keysOf(somebody)).toEqual([KeyState.ACTIVE, KeyState.PROVISIONAL]);

    const client = run("key", "enrol");
    const read = await followEnrolment(hands, desk.pin);
    await hands.confirm();
    await expectExit(client, 0);
    await hands.phoneSays(`A key was enrolled for you: ${read}`);
    expect(await keysOf(somebody)).toEqual([KeyState.ACTIVE, KeyState.PROVISIONAL, KeyState.ACTIVE]);
  }, 400_000);
});

describe("a chat", () => {
  test("check 20: a link token serves one private chat once; groups, other chats and false tokens get nothing", async () => {
    const somebody = await withKey();
    const { hands, run } = somebody;
    const client = run("link", "telegram");
    const { linkToken } = await client.tells("linkToken");
    const group = new URL("/groups/777/say", somebody.desk.phoneUrl);
    const says = JSON.stringify({ userId: Number(chatIdOf(somebody)), text: `/start ${String(linkToken)}` });
    await fetch(group, { method: "POST", headers: { "content-type": "application/json" }, body: says });
    await hands.phone.send("/start AAAAAAAAAAAAAAAAAAAAAA");
    await hands.phoneSays("This link is not valid any more");
    await hands.phone.send(`/start ${String(linkToken)}`);
    await hands.phoneSays("The next message must show the same lines as your key");
    const thief = phoneOf("6001");
    await thief.phone.send(`/start ${String(linkToken)}`);
    await thief.phoneSays("This link is not valid any more");
    const pages = await hands.confirm();
    expect(pages.map(({ value }) => value)).toEqual(["telegram", chatIdOf(somebody), expect.any(String)]);
    await expectExit(client, 0);
    expect(await channelsOf(somebody)).toEqual([chatIdOf(somebody)]);

    const other = await withKey();
    const { linkToken: others } = await scene.parts.links.beginLink({
      ...{ requestId: randomUUID(), userId: other.desk.userId, platform: "telegram", address: "" },
    });
    await hands.phone.send(`/start ${others}`);
    await hands.phoneSays("This chat is linked already");
    expect(await channelsOf(other)).toEqual([]);
  }, 400_000);

  test("threat 07: malware links a chat of its own: the key shows it, the careful user refuses, 0 linked", async () => {
    const somebody = await withKey();
    const { hands, run, pay } = somebody;
    const client = run("link", "telegram");
    const { linkToken } = await client.tells("linkToken");
    const malware = phoneOf("6002");
    await malware.phone.send(`/start ${String(linkToken)}`);
    await malware.phoneSays("Code: ");
    const pages = await hands.readPages();
    expect(pages.map(({ value }) => value)).toContain("6002");
    const { rows } = await hands.keyShows("link-warning");
    expect(rows.join(" ").replaceAll(/ +/g, " ")).toContain(
      "Your own phone must show these lines; a code you saw on the PC is false.",
    );
    expect(await hands.chat()).toBe("");
    await hands.reject(Reason.WRONG_DATA);
    await expectExit(client, 10);
    await malware.phoneSays("Stopped by you (wrong data)");
    expect(await channelsOf(somebody)).toEqual([]);
    await expectExit(pay(), 15);
  }, 400_000);

  test("check 19: a second chat is told to the first; /unlink works at once; without any, a payment is exit 15", async () => {
    const somebody = await scene.user();
    const { hands, run, pay } = somebody;
    const second = phoneOf("6003");
    const client = run("link", "telegram");
    const { linkToken } = await client.tells("linkToken");
    await second.phone.send(`/start ${String(linkToken)}`);
    await second.confirm();
    await expectExit(client, 0);
    await hands.phoneSays("A chat was linked to you");
    for (const code of second.codes) expect(await hands.chat()).not.toContain(code);
    expect(await channelsOf(somebody)).toEqual([chatIdOf(somebody), "6003"]);

    await hands.phone.send("/unlink");
    await hands.phoneSays("Unlinked. No confirmation comes to this chat any more.");
    await second.phoneSays("A chat was unlinked from you");
    expect(await channelsOf(somebody)).toEqual(["6003"]);
    const paying = pay();
    await second.confirm();
    await expectExit(paying, 0);
    await second.phone.send("/unlink");
    await second.phoneSays("Unlinked. No confirmation comes to this chat any more.");
    await expectExit(pay(), 15);
    await second.phone.send("/thaw");
    await second.phoneSays("This chat is not linked to you");
  }, 400_000);
});
