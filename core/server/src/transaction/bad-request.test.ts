import { Assurance, Field, Kind, Label, Mode } from "@countersign/proto/node/core/v1/content";
import { TransactionServiceCreateRequest } from "@countersign/proto/node/core/v1/transaction_service";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { ask, CoreClients, Reading, bearer, reasonOf, Refused } from "../testing/core-server.ts";
import { CoreWorld, drawHexId, payment } from "../testing/core-world.ts";
import { fieldMessage } from "./transaction-message.ts";

let world: CoreWorld;
let core: CoreClients;
let submit: string;
let execute: string;

beforeAll(async () => {
  world = await CoreWorld.open();
  core = await CoreClients.open(world);
  submit = (await world.addApp(world.tenantId, "submit")).token;
  execute = (await world.addApp(world.tenantId, "execute")).token;
});
afterAll(() => core.close());

/** Name of the member that BadRequest blames, or the reason. */
async function blamed(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => "OK",
    (error: unknown) => (error instanceof Refused ? (error.fields[0] ?? error.reason) : String(error)),
  );
}

const amount = { currency: "EUR", minorUnits: "100" };
const fields = payment(5000).map(fieldMessage);
const withField = (label: Label, value: Field["value"]): Partial<TransactionServiceCreateRequest> => ({
  fields: [...fields, Field.create({ label, value })],
});

describe("Create names the member of the request", () => {
  test.each<[string, Partial<TransactionServiceCreateRequest>, string]>([
    ["no request_id", { requestId: "" }, "request_id"],
    ["a request_id of 256", { requestId: "x".repeat(256) }, "request_id"],
    ["no kind", { kind: Kind.UNSPECIFIED }, "kind"],
    ["an unknown kind", { kind: 99 as Kind }, "kind"],
    ["check 11: a kind of the core", { kind: Kind.LINK }, "kind"],
    ["check 11: the repeat label", withField(Label.REPEAT, { $case: "text", value: "x" }), "fields[3].label"],
    ["check 11: the channel label", withField(Label.CHANNEL, { $case: "text", value: "x" }), "fields[3].label"],
    ["an unknown label", withField(99 as Label, { $case: "text", value: "x" }), "fields[3].label"],
    ["no value", withField(Label.REFERENCE, undefined), "fields[3].value"],
    [
      "a signed amount",
      withField(Label.FEE, { $case: "amount", value: { ...amount, minorUnits: "-1" } }),
      "fields[3].amount.minor_units",
    ],
    [
      "a leading zero",
      withField(Label.FEE, { $case: "amount", value: { ...amount, minorUnits: "01" } }),
      "fields[3].amount.minor_units",
    ],
    [
      "an unknown currency",
      withField(Label.FEE, { $case: "amount", value: { ...amount, currency: "XQQ" } }),
      "fields[3].value",
    ],
    ["no account", withField(Label.FROM, { $case: "account", value: { id: undefined } }), "fields[3].account"],
    [
      "not_given false",
      withField(Label.FROM, { $case: "account", value: { id: { $case: "notGiven", value: false } } }),
      "fields[3].account.not_given",
    ],
    [
      "a false IBAN",
      withField(Label.FROM, { $case: "account", value: { id: { $case: "iban", value: "DE00370400440532013000" } } }),
      "fields[3].value",
    ],
    [
      "a payment without amount",
      withField(Label.PAYMENT, { $case: "payment", value: { amount: undefined, account: undefined, payee: "x" } }),
      "fields[3].payment.amount",
    ],
    [
      "a payment without account",
      withField(Label.PAYMENT, { $case: "payment", value: { amount, account: undefined, payee: "x" } }),
      "fields[3].payment.account",
    ],
    ["no date", withField(Label.DATE, { $case: "date", value: "2026-02-30" }), "fields[3].value"],
    ["a payload of 31 bytes", { payloadSha256: Buffer.alloc(31) }, "payload_sha256"],
    ["a key id of 31 digits", { keyIds: ["a".repeat(31)] }, "key_ids[0]"],
    ["a key twice", { keyIds: [drawHexId(), "b".repeat(32), "b".repeat(32)] }, "key_ids[2]"],
    ["a renderer of the future", { contentVersions: [2] }, "content_versions"],
    ["repeat_of no id", { repeatOf: "x" }, "repeat_of"],
    ["no lifetime at all", { lifetime: { seconds: 0n, nanos: 0 } }, "lifetime"],
    ["a lifetime of 8 days", { lifetime: { seconds: 691_200n, nanos: 0 } }, "lifetime"],
    ["an unknown mode", { modeHint: 9 as Mode }, "mode_hint"],
    ["an unknown assurance", { assuranceHint: 9 as Assurance }, "assurance_hint"],
    ["nobody", { userId: "nobody" }, "NOT_FOUND"],
  ])("%s", async (_name, change, member) => {
    const request = TransactionServiceCreateRequest.create({
      ...{ requestId: "r", userId: world.userId, kind: Kind.PAY, fields },
      ...change,
    });
    expect(await blamed(ask(core.transactions, "create", request, submit))).toBe(member);
  });

  test("check 12: hints shorten the lifetime and never weaken the mode", async () => {
    const request = TransactionServiceCreateRequest.create({
      ...{ requestId: "hints", userId: world.userId, kind: Kind.PAY, fields, contentVersions: [1, 2] },
      ...{ lifetime: { seconds: 90n, nanos: 500_000_000 }, modeHint: Mode.C, keyIds: [world.key.keyId] },
    });
    const { transaction } = await ask(core.transactions, "create", request, submit);
    expect(transaction?.mode).toBe(Mode.B);
    expect(transaction!.expiresAt!.seconds - transaction!.createdAt!.seconds).toBeLessThanOrEqual(91n);
  });

  test("check 12: a stricter assurance is frozen", async () => {
    const request = TransactionServiceCreateRequest.create({
      ...{ requestId: "assurance", userId: world.userId, kind: Kind.PAY, assuranceHint: Assurance.HIGH },
      fields: payment(7001).map(fieldMessage),
    });
    const { transaction } = await ask(core.transactions, "create", request, submit);
    expect((await world.transaction(transaction!.transactionId)).policy.assurance).toBe("high");
  });
});

const submission = (signedStatement: Buffer) => ({ transactionId: drawHexId(), signedStatement });

function grant(change: object): Promise<unknown> {
  const request = { requestId: "g", userId: world.userId, kinds: [Kind.PAY], lifetime: undefined, ...change };
  return ask(core.transactions, "createGrant", request, submit);
}

describe("other calls", () => {
  const claim = {
    transactionId: drawHexId(),
    txDigest: Buffer.alloc(32),
    claimId: "1",
    lease: undefined,
    idempotent: false,
  };
  const report = { transactionId: drawHexId(), fence: 1n, outcome: 1 as const, detail: "" };

  test.each<[string, () => Promise<unknown>, string]>([
    ["no claim_id", () => ask(core.execution, "claim", { ...claim, claimId: "" }, execute), "claim_id"],
    [
      "a digest of 31 bytes",
      () => ask(core.execution, "claim", { ...claim, txDigest: Buffer.alloc(31) }, execute),
      "tx_digest",
    ],
    [
      "a lease of 601 s",
      () => ask(core.execution, "claim", { ...claim, lease: { seconds: 601n, nanos: 0 } }, execute),
      "lease",
    ],
    [
      "a lease of 0.9 s",
      () => ask(core.execution, "renew", { ...report, lease: { seconds: 0n, nanos: 900_000_000 } }, execute),
      "lease",
    ],
    ["no outcome", () => ask(core.execution, "report", { ...report, outcome: 0 }, execute), "outcome"],
    ["an unsafe detail", () => ask(core.execution, "report", { ...report, detail: "a\u202Eb" }, execute), "detail"],
    [
      "a detail too long",
      () => ask(core.execution, "resolve", { ...report, detail: "x".repeat(141) }, execute),
      "detail",
    ],
    [
      "an unsafe reason",
      () => ask(core.transactions, "cancel", { transactionId: drawHexId(), reason: " x" }, submit),
      "reason",
    ],
    [
      "an unknown reject reason",
      () => ask(core.transactions, "veto", { transactionId: drawHexId(), reason: 9 as 1 }, submit),
      "reason",
    ],
    [
      "no statement",
      () => ask(core.verification, "submitStatement", submission(Buffer.alloc(0)), submit),
      "signed_statement",
    ],
    [
      "1025 bytes",
      () => ask(core.verification, "submitStatement", submission(Buffer.alloc(1025)), submit),
      "signed_statement",
    ],
    [
      "101 a page",
      () => ask(core.transactions, "list", { userId: "erika", pageSize: 101, pageToken: "" }, submit),
      "page_size",
    ],
    [
      "a made-up token",
      () => ask(core.transactions, "list", { userId: "erika", pageSize: 1, pageToken: "x" }, submit),
      "page_token",
    ],
    ["a grant for nothing", () => grant({ kinds: [] }), "kinds"],
    ["a grant for LINK", () => grant({ kinds: [Kind.PAY, Kind.LINK] }), "kinds[1]"],
    ["a grant for 11 minutes", () => grant({ lifetime: { seconds: 660n, nanos: 0 } }), "lifetime"],
    ["a grant for nobody", () => grant({ userId: "nobody" }), "NOT_FOUND"],
    ["a grant without request_id", () => grant({ requestId: "" }), "request_id"],
  ])("%s", async (_name, call, member) => {
    expect(await blamed(call())).toBe(member);
  });

  test("a made-up cursor is BAD_INPUT", async () => {
    const { txId } = await world.pending();
    const watching = new Reading(core.transactions.watch({ transactionId: txId, cursor: "made-up" }, bearer(submit)));
    await expect(watching.next()).rejects.toMatchObject({ code: 3 });
  });

  test("there is no receipt before the confirmation", async () => {
    const { txId } = await world.pending();
    expect(await reasonOf(ask(core.receipts, "get", { transactionId: txId }, submit))).toBe("STATE_CONFLICT");
  });

  test("a client may have the code again, within the limits, and learns no more than BUSY", async () => {
    const { confirmationToken } = await world.create();
    expect(await reasonOf(ask(core.confirmation, "resend", {}, confirmationToken))).toBe("BUSY");
    world.clock.advance(60_000);
    expect((await ask(core.confirmation, "resend", {}, confirmationToken)).resendsLeft).toBe(2);
  });
});
