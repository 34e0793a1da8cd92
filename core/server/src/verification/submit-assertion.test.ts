import { CodeEntry, encodeStatement, fromHex, Shown, UserVerification, verifyReceipt } from "@countersign/protocol";
import { beforeEach, describe, expect, test } from "@jest/globals";
import type { Key } from "../identity/key.ts";
import { receiptOf } from "../receipt/receipt-service.ts";
import { isRefusal } from "../rpc/refusal.ts";
import { CoreWorld, drawHexId, newTestKey, signStatement, type WorldOptions } from "../testing/core-world.ts";
import { TestFidoKey, TOUCHED, type AssertChange } from "../testing/test-fido-key.ts";
import { happen } from "../transaction/happen.ts";
import type { Transaction } from "../transaction/transaction.ts";
import { submitStatement } from "./submit-statement.ts";

const RP_ID = "bank.example";
const ORIGIN = "https://pay.bank.example";
const AAGUID = "11112222-3333-4444-5555-666677778888";

let world: CoreWorld;
let key: TestFidoKey;
let pending: Transaction;

/** A user whose one active key is of FIDO2, and a transaction in mode C. */
async function open(options: WorldOptions = {}, change: Partial<Key> = {}): Promise<void> {
  const webauthn = { rpId: RP_ID, origins: [ORIGIN] };
  world = await CoreWorld.open({ ...options, policy: { webauthn, ...options.policy } });
  await world.changeKey(world.identity, world.key.keyId, { state: "REVOKED" });
  key = new TestFidoKey(RP_ID, fromHex(AAGUID.replaceAll("-", "")));
  await key.addTo(world, world.identity, { fido: key.details(), ...change });
  pending = await world.pending();
}

beforeEach(() => open());

async function answer(signed: Uint8Array, of: Transaction = pending): Promise<string> {
  const submitted = await submitStatement(world.given, { txId: of.txId, tenantId: world.tenantId, signed });
  return isRefusal(submitted) ? submitted.refused : submitted.state;
}

const asserted = (change: AssertChange = {}): Promise<string> => answer(key.assert(world, pending, change));

async function triesLeft(): Promise<number> {
  return (await world.transaction(pending.txId)).triesLeft;
}

test("claim 06: a transaction of a user with a FIDO2 key is in mode C and names that key", () => {
  expect(pending).toMatchObject({ mode: "C", keyIds: [key.keyId] });
});

test.each([
  ["by the daemon", {}],
  ["by a page of the policy", { clientData: { origin: ORIGIN } }],
  ["by a browser that adds members", { clientData: { origin: ORIGIN, other_keys_can_be_added_here: "yes" } }],
])("claim 14: an honest assertion %s confirms", async (_name, change) => {
  expect(await asserted(change)).toBe("CONFIRMED");
  const { confirmation } = (await world.transaction(pending.txId)) as Extract<Transaction, { confirmation: unknown }>;
  expect(confirmation.keyId).toBe(key.keyId);
});

describe("claim 14: one vector at least for each row, with assertions", () => {
  test("claim 14: row 1, another tenant's or no transaction", async () => {
    const signed = key.assert(world, pending);
    const ask = { txId: pending.txId, tenantId: drawHexId(), signed };
    expect(await submitStatement(world.given, ask)).toMatchObject({ refused: "UNKNOWN_TRANSACTION" });
  });

  test("claim 14: row 2, the saved verdict in every state, changing nothing", async () => {
    const wrong = key.assert(world, pending, { code: world.wrongCode(pending) });
    expect(await answer(wrong)).toBe("WRONG_CODE");
    const right = key.assert(world, pending);
    expect(await answer(right)).toBe("CONFIRMED");
    const before = await world.transaction(pending.txId);
    expect(await answer(wrong)).toBe("WRONG_CODE");
    expect(await answer(right)).toBe("CONFIRMED");
    expect(await world.transaction(pending.txId)).toEqual(before);
  });

  test("threat 05: row 2, another signature over the same bytes is the same assertion", async () => {
    const change = { signCount: 5, code: world.wrongCode(pending) };
    const [one, other] = [key.assert(world, pending, change), key.assert(world, pending, change)];
    expect(one).not.toEqual(other);
    expect(await answer(one)).toBe("WRONG_CODE");
    expect(await answer(other)).toBe("WRONG_CODE");
    expect(await triesLeft()).toBe(2);
  });

  test("claim 14: row 3, not pending; a frozen user", async () => {
    await world.changeUser({ state: "FROZEN" });
    expect(await asserted()).toBe("USER_BLOCKED");
    await happen(world.given, pending.txId, { type: "cancelled", by: "app", detail: "" }, "test");
    expect(await asserted()).toBe("STATE_CONFLICT");
  });

  test("claim 14: row 4, EXPIRED", async () => {
    world.clock.advance(pending.expiresAt - world.clock.now().getTime());
    expect(await asserted()).toBe("EXPIRED");
  });

  test("claim 14: row 5, a key that nobody enrolled, another user's, not among those accepted", async () => {
    const other = new TestFidoKey(RP_ID);
    expect(await answer(other.assert(world, pending))).toBe("UNKNOWN_KEY");
    const of = { tenantId: world.tenantId, userId: "otto" };
    await world.addUser(of, newTestKey(), drawHexId());
    await other.addTo(world, of);
    expect(await answer(other.assert(world, pending))).toBe("KEY_NOT_OWNED");
    const later = new TestFidoKey(RP_ID);
    await later.addTo(world);
    expect(await answer(later.assert(world, pending))).toBe("KEY_NOT_ACCEPTED");
  });

  test.each([
    ["REVOKED", "KEY_REVOKED"],
    ["PROVISIONAL", "KEY_PROVISIONAL"],
  ] as const)("claim 14: row 5, a key that is %s", async (state, reason) => {
    await world.changeKey(world.identity, key.keyId, { state });
    expect(await asserted()).toBe(reason);
  });

  const badSignatures: readonly (readonly [string, AssertChange])[] = [
    ["another key's signature", { signer: newTestKey().privateKey }],
    ["type webauthn.create", { clientData: { type: "webauthn.create" } }],
    ["the challenge of no statement", { clientData: { challenge: "A".repeat(43) } }],
    ["an origin that the policy does not name", { clientData: { origin: "https://bank.example" } }],
    ["an origin that only begins like one of the policy", { clientData: { origin: `${ORIGIN}.evil.example` } }],
    ["an origin in capitals", { clientData: { origin: "HTTPS://pay.bank.example" } }],
    ["origin null", { clientData: { origin: "null" } }],
    ["a frame of another site", { clientData: { origin: ORIGIN, crossOrigin: true } }],
    ["another relying party", { rpId: "evil.example" }],
    ["no touch", { flags: 0x04 }],
    ["authenticator data of a registration", { flags: 0x45 }],
    ["backed up without being fit for it", { flags: 0x15 }],
    ["client data that is no JSON", { parts: { clientDataJson: Uint8Array.of(0x7b) } }],
    ["a raw signature", { parts: { signature: new Uint8Array(64).fill(7) } }],
  ];
  test.each(badSignatures)("claim 14: row 6, %s", async (_name, change) => {
    expect(await asserted(change)).toBe("BAD_SIGNATURE");
    expect(await triesLeft()).toBe(3);
  });

  test("claim 14: row 6, a statement exchanged after signing", async () => {
    const other = await world.pending();
    const zeros = { shown: 0, codeEntry: 0, userVerification: 0, counter: 0 } as const;
    const statement = encodeStatement(world.statement(other, zeros));
    expect(await asserted({ parts: { statement } })).toBe("BAD_SIGNATURE");
  });

  test("claim 14: row 6, bytes that are no envelope name no key", async () => {
    expect(await answer(Uint8Array.of(0xa1, 1, 1))).toBe("UNKNOWN_KEY");
  });

  test.each([
    ["serverId", { serverId: new Uint8Array(16) }],
    ["txId", { txId: new Uint8Array(16) }],
    ["nonce", { nonce: new Uint8Array(32) }],
    // What the PC may not say in the key's name.
    ["shown", { shown: Shown.ALL }],
    ["codeEntry", { codeEntry: CodeEntry.KEY }],
    ["userVerification", { userVerification: UserVerification.PIN }],
    ["counter", { counter: 1 }],
  ])("claim 14: row 7, another %s", async (_name, statement) => {
    expect(await asserted({ statement })).toBe("STATEMENT_MISMATCH");
  });

  test("claim 14: row 7, a FIDO2 key signs no reject", async () => {
    const { codeProof: _none, ...statement } = world.statement(pending, { counter: 0 });
    const reject = { ...statement, decision: 2, shown: 0, codeEntry: 0, userVerification: 0 } as const;
    const change = { statement: { ...reject, codeProof: undefined } as never };
    expect(await asserted(change)).toBe("STATEMENT_MISMATCH");
    expect((await world.transaction(pending.txId)).state).toBe("PENDING");
  });

  test("claim 14: row 8, another digest is TAMPERED and the end", async () => {
    expect(await asserted({ statement: { txDigest: new Uint8Array(32).fill(1) } })).toBe("TAMPERED");
    expect((await world.transaction(pending.txId)).state).toBe("TAMPERED");
  });

  test("claim 14: row 10, a counter that does not rise is a clone", async () => {
    await world.changeKey(world.identity, key.keyId, { counter: { highest: 100, seen: 1n } });
    for (const signCount of [100, 99, 37, 0]) expect(await asserted({ signCount })).toBe("COUNTER_REGRESSION");
    expect(await asserted({ signCount: 101 })).toBe("CONFIRMED");
    expect((await world.loadKey(key.keyId)).counter.highest).toBe(101);
  });

  test("claim 14: row 10, a key without a counter is taken at 0, and never again once it counted", async () => {
    expect(await asserted({ signCount: 0, code: world.wrongCode(pending) })).toBe("WRONG_CODE");
    expect(await asserted({ signCount: 7, code: world.wrongCode(pending, 2) })).toBe("WRONG_CODE");
    expect(await asserted({ signCount: 0 })).toBe("COUNTER_REGRESSION");
    expect(await asserted({ signCount: 8 })).toBe("CONFIRMED");
  });

  test("threat 29: row 11, without user verification; and the touch that has it is judged anew", async () => {
    expect(await asserted({ flags: TOUCHED, signCount: 0 })).toBe("POLICY_UNMET");
    expect(await asserted({ signCount: 0 })).toBe("CONFIRMED");
  });

  test("threat 29: row 11, a transaction of mode B takes no assertion, whatever its keys say", async () => {
    await world.replaceTransaction({ ...pending, mode: "B" });
    expect(await asserted()).toBe("POLICY_UNMET");
  });

  test("threat 29: row 11, a credential that changed whether it may be copied is another one", async () => {
    expect(await asserted({ flags: 0x0d })).toBe("POLICY_UNMET");
  });

  test("claim 14: row 12, WRONG_CODE with what is left, then LOCKED", async () => {
    const wrong = (i: number): Promise<string> => asserted({ code: world.wrongCode(pending, i) });
    expect([await wrong(1), await wrong(2), await wrong(3)]).toEqual(["WRONG_CODE", "WRONG_CODE", "LOCKED"]);
    expect(await asserted()).toBe("STATE_CONFLICT");
  });

  test("claim 14: row 12, CODE_SUPERSEDED", async () => {
    const old = key.assert(world, pending);
    world.clock.advance(60_000);
    await happen(world.given, pending.txId, { type: "resent", epoch: 1 }, "test");
    expect(await answer(old)).toBe("CODE_SUPERSEDED");
  });
});

describe("claim 14: received transaction × code × key, with assertions", () => {
  const cells = ["equal", "different"].flatMap((tx) =>
    ["equal", "different"].flatMap((code) => ["key", "foreign key"].map((by) => ({ tx, code, by }))),
  );
  test.each(cells)("claim 14: tx $tx, code $code, $by", async ({ tx, code, by }) => {
    const signer = by === "key" ? key : new TestFidoKey(RP_ID);
    const digits = code === "equal" ? world.code(pending) : world.wrongCode(pending);
    const statement = tx === "equal" ? {} : { txDigest: new Uint8Array(32).fill(1) };
    const expected =
      by !== "key" ? "UNKNOWN_KEY" : tx !== "equal" ? "TAMPERED" : code !== "equal" ? "WRONG_CODE" : "CONFIRMED";
    expect(await answer(signer.assert(world, pending, { statement, code: digits }))).toBe(expected);
  });
});

describe("threat 05: one kind of signature is never taken for the other", () => {
  test("threat 05: a COSE statement signed with a FIDO2 credential", async () => {
    const { keyId, publicKey, privateKey } = key;
    const signed = signStatement({ keyId, publicKey, privateKey }, world.statement(pending));
    expect(await answer(signed)).toBe("BAD_SIGNATURE");
  });

  test("threat 05: an assertion signed with a Countersign key", async () => {
    await world.changeKey(world.identity, world.key.keyId, { state: "ACTIVE" });
    const of = await world.pending();
    expect(of).toMatchObject({ mode: "B", keyIds: [world.key.keyId] });
    const assertion = { signer: world.key.privateKey, parts: { keyId: fromHex(world.key.keyId) } };
    expect(await answer(key.assert(world, of, assertion), of)).toBe("BAD_SIGNATURE");
    // A Countersign key has no relying party: neither is the empty one its.
    expect(await answer(key.assert(world, of, { ...assertion, rpId: "" }), of)).toBe("BAD_SIGNATURE");
  });

  test("threat 05: an assertion made for the login page of the same relying party", async () => {
    const login = { clientData: { origin: ORIGIN, challenge: "bG9naW4" } };
    expect(await asserted(login)).toBe("BAD_SIGNATURE");
  });

  test("threat 04: the assertion of A is refused for B", async () => {
    const other = await world.pending();
    expect(await answer(key.assert(world, pending), other)).toBe("STATEMENT_MISMATCH");
  });
});

describe("claim 10: what counts as a finger", () => {
  const policy = { userVerification: "biometric", biometricModels: [AAGUID] };

  test("claim 10: user verification of an attested model that is listed does", async () => {
    await open({ policy }, { attested: true });
    expect(await asserted()).toBe("CONFIRMED");
  });

  test("claim 10: without user verification it does not", async () => {
    await open({ policy }, { attested: true });
    expect(await asserted({ flags: TOUCHED })).toBe("POLICY_UNMET");
  });

  test("claim 10: a model that nothing attests does not, at Create nor later", async () => {
    await open({ policy }, { attested: true });
    const { attested: _none, ...body } = await world.loadKey(key.keyId);
    await world.replaceKey(body);
    expect(await asserted()).toBe("POLICY_UNMET");
    await expect(world.pending()).rejects.toThrow("POLICY_UNMET");
  });

  test("claim 10: a model that is not listed does not", async () => {
    await open({ policy: { ...policy, biometricModels: [AAGUID, "emulator"] } }, { attested: true });
    const other = new TestFidoKey(RP_ID, new Uint8Array(16).fill(9));
    await other.addTo(world, world.identity, { fido: other.details(), attested: true });
    const of = await world.pending();
    expect(of.keyIds).toEqual([key.keyId]);
  });

  test("claim 10: a Countersign key that says finger is believed if attested and listed, else it was a PIN", async () => {
    for (const attested of [true, undefined]) {
      await open();
      await world.changeKey(world.identity, world.key.keyId, { state: "ACTIVE", ...(attested && { attested }) });
      const of = await world.pending();
      const frozen = { ...of.policy, userVerification: "biometric" as const, biometricModels: ["emulator"] };
      await world.replaceTransaction({ ...of, policy: frozen });
      const signed = world.signed(of, { userVerification: UserVerification.BIOMETRIC });
      expect(await answer(signed, of)).toBe(attested ? "CONFIRMED" : "POLICY_UNMET");
    }
  });
});

test("backup flags are recorded with the verdict", async () => {
  const webauthn = { rpId: RP_ID, origins: [ORIGIN], passkeys: "allowed" };
  await open({ policy: { webauthn } }, {});
  await world.changeKey(world.identity, key.keyId, { fido: key.details({ backupEligible: true, passkey: true }) });
  expect(await asserted({ flags: 0x1d, signCount: 0 })).toBe("CONFIRMED");
  expect((await world.loadKey(key.keyId)).fido).toMatchObject({ backupEligible: true, backedUp: true });
  const next = await world.pending();
  expect(await answer(key.assert(world, next, { flags: 0x0d, signCount: 0 }), next)).toBe("CONFIRMED");
  expect((await world.loadKey(key.keyId)).fido).toMatchObject({ backedUp: false });
});

test("threat 29: a passkey signs nothing once the policy refuses passkeys", async () => {
  await world.changeKey(world.identity, key.keyId, { fido: key.details({ passkey: true }) });
  await expect(world.pending()).rejects.toThrow("the policy does not allow passkeys");
});

test("check 30: the receipt verifies offline and says that the code was typed on the PC", async () => {
  expect(await asserted()).toBe("CONFIRMED");
  const receipt = await receiptOf(world.given, await world.transaction(pending.txId));
  if (isRefusal(receipt)) throw new Error(receipt.message);
  const pinned = { serverId: fromHex(world.given.serverId), publicKeys: [world.given.secrets.publicKey] };
  expect(verifyReceipt(receipt, pinned)).toMatchObject({
    ok: true,
    proof: { kind: "assertion", rpId: RP_ID, origin: "countersign:native" },
  });
});

test("check 04: 100 parallel correct submits of one assertion confirm it once", async () => {
  const signed = key.assert(world, pending);
  const answers = await Promise.all(Array.from({ length: 100 }, () => answer(signed)));
  expect(new Set(answers)).toEqual(new Set(["CONFIRMED"]));
  expect(await world.audited("statement.accepted")).toBe(1);
});
