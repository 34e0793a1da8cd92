import { join } from "node:path";
import { readFileSync } from "node:fs";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { status } from "@grpc/grpc-js";
import { RejectReason as Because } from "@countersign/protocol";
import { RejectReason, State } from "@countersign/proto/node/core/v1/content";
import { CODE, GRANT_TOKEN, TestKey, type KeyAct } from "@countersign/sdk/testing";
import { ExitCode } from "./exit-code.ts";
import { CliWorld } from "./testing/cli.ts";
import { painXml } from "@countersign/payment-file/testing";

const APPROVE: KeyAct = { type: "approve", code: CODE };
const WRONG: KeyAct = { type: "approve", code: "000000" };
const REJECT: KeyAct = { type: "reject", reason: Because.WRONG_DATA };
const keyError = (reason: string, keyStatus = ""): KeyAct => ({
  type: "error",
  error: { code: status.ABORTED, reason, metadata: { status: keyStatus } },
});
const endsAs = (state: State) => async (world: CliWorld) => {
  await world.daemon.askedTimes(1);
  world.core.change(world.core.only, { state });
};
const refuseCreate =
  (reason: string, code: status = status.FAILED_PRECONDITION) =>
  (world: CliWorld) => {
    world.core.errors.set(
      "create",
      Array.from({ length: 5 }, () => ({ code, reason })),
    );
  };

interface Row {
  readonly exit: number;
  readonly when: string;
  readonly acts?: readonly KeyAct[];
  readonly before?: (world: CliWorld) => void;
  readonly during?: (world: CliWorld) => Promise<void>;
  readonly args?: readonly string[];
  readonly state?: string;
}

const ROWS: readonly Row[] = [
  { exit: 0, when: "executed with a verified receipt", acts: [APPROVE], state: "EXECUTED" },
  {
    exit: 0,
    when: "confirmed, with --until confirmed",
    acts: [APPROVE],
    args: ["--until", "confirmed"],
    before: (world) => (world.core.executor = "none"),
    state: "CONFIRMED",
  },
  { exit: 0, when: "a second code is right", acts: [WRONG, APPROVE], state: "EXECUTED" },
  {
    exit: 2,
    when: "the core refuses a field",
    before: (world) =>
      world.core.errors.set("create", [
        {
          code: status.INVALID_ARGUMENT,
          reason: "BAD_INPUT",
          violations: [{ field: "fields[0].value", description: "U+202E" }],
        },
      ]),
    state: "REFUSED",
  },
  { exit: 2, when: "the key cannot show it", acts: [keyError("KEY_REFUSED", "UNRENDERABLE")], state: "KEY_REFUSED" },
  { exit: 10, when: "rejected on the key", acts: [REJECT], state: "REJECTED" },
  { exit: 10, when: "denied on the key", acts: [keyError("KEY_REFUSED", "USER_DENIED")], state: "KEY_REFUSED" },
  { exit: 11, when: "expired", acts: [{ type: "wait" }], during: endsAs(State.EXPIRED), state: "EXPIRED" },
  {
    exit: 12,
    when: "the key signed other content",
    acts: [{ type: "wait" }],
    during: endsAs(State.TAMPERED),
    state: "TAMPERED",
  },
  {
    exit: 13,
    when: "rejected in the chat",
    acts: [{ type: "wait" }],
    during: async (world) => {
      await world.daemon.askedTimes(1);
      world.core.change(world.core.only, { state: State.REJECTED, rejectReason: RejectReason.NOT_ME });
    },
    state: "REJECTED",
  },
  { exit: 14, when: "no key is plugged in", before: (world) => world.daemon.keys.splice(0), state: "ERROR" },
  { exit: 14, when: "another key is plugged in than named", args: ["--key", "OTHER"], state: "ERROR" },
  { exit: 14, when: "the key leaves", acts: [keyError("KEY_LEFT")], state: "KEY_LEFT" },
  { exit: 14, when: "the PIN is blocked", acts: [keyError("KEY_REFUSED", "PIN_BLOCKED")], state: "KEY_REFUSED" },
  { exit: 14, when: "the key wants a replug", acts: [keyError("KEY_REFUSED", "PIN_INVALID")], state: "KEY_REFUSED" },
  { exit: 14, when: "the key has no PIN yet", acts: [keyError("KEY_REFUSED", "PIN_REQUIRED")], state: "KEY_REFUSED" },
  {
    exit: 15,
    when: "no channel delivers",
    acts: [{ type: "wait" }],
    during: endsAs(State.UNDELIVERABLE),
    state: "UNDELIVERABLE",
  },
  { exit: 15, when: "there is no channel", before: refuseCreate("NO_CHANNEL"), state: "UNDELIVERABLE" },
  { exit: 16, when: "three wrong codes", acts: [WRONG, WRONG, WRONG], state: "LOCKED" },
  { exit: 17, when: "the app cancels", acts: [{ type: "wait" }], during: endsAs(State.CANCELLED), state: "CANCELLED" },
  {
    exit: 17,
    when: "Ctrl-C",
    acts: [{ type: "wait" }],
    during: async (world) => {
      await world.daemon.askedTimes(1);
      world.interrupt();
    },
    state: "CANCELLED",
  },
  {
    exit: 18,
    when: "the executor fails",
    acts: [APPROVE],
    before: (world) => (world.core.executor = "fail"),
    state: "EXECUTION_FAILED",
  },
  {
    exit: 19,
    when: "nobody knows",
    acts: [APPROVE],
    before: (world) => (world.core.executor = "unknown"),
    state: "EXECUTION_UNKNOWN",
  },
  {
    exit: 20,
    when: "the receipt is false",
    acts: [APPROVE],
    before: (world) => (world.core.alterReceipt = (json) => json.with(200, (json[200] ?? 0) ^ 1)),
    state: "RECEIPT_UNVERIFIED",
  },
  {
    exit: 20,
    when: "there is no receipt",
    acts: [APPROVE],
    before: (world) => world.core.errors.set("receipt", [{ code: status.NOT_FOUND, reason: "UNKNOWN_TRANSACTION" }]),
    state: "RECEIPT_UNVERIFIED",
  },
  {
    exit: 21,
    when: "the key is not accepted",
    acts: [APPROVE],
    before: (world) =>
      world.core.errors.set("submitStatement", [{ code: status.PERMISSION_DENIED, reason: "KEY_NOT_OWNED" }]),
    state: "NOT_CONFIRMED",
  },
  {
    exit: 14,
    when: "the key was revoked",
    acts: [APPROVE],
    before: (world) =>
      world.core.errors.set("submitStatement", [{ code: status.PERMISSION_DENIED, reason: "KEY_REVOKED" }]),
    state: "KEY_REVOKED",
  },
  { exit: 22, when: "the same was asked before", before: refuseCreate("DUPLICATE"), state: "DUPLICATE" },
  { exit: 23, when: "the user is frozen", before: refuseCreate("USER_BLOCKED"), state: "USER_BLOCKED" },
  {
    exit: 24,
    when: "the core holds other lines",
    acts: [APPROVE],
    before: (world) => (world.core.alter = (fields) => fields.toSpliced(3, 1)),
    state: "CONTENT_DIFFERS",
  },
  {
    exit: 69,
    when: "the core does not answer",
    args: ["--patience", "0"],
    before: (world) =>
      world.core.errors.set(
        "create",
        Array.from({ length: 9 }, () => ({ code: status.UNAVAILABLE })),
      ),
    state: "ERROR",
  },
  {
    exit: 69,
    when: "the token is unknown",
    before: (world) => world.setToken("cs_app_unknownunknownunknownunknown"),
    state: "ERROR",
  },
  { exit: 69, when: "the token file may be read by others", args: ["--token-file", "/etc/passwd"], state: "ERROR" },
  { exit: 69, when: "the daemon does not answer", args: ["--daemon", "/nonexistent/daemon.sock"], state: "ERROR" },
  {
    exit: 69,
    when: "TLS is missing",
    args: ["--core", "192.0.2.1:443", "--ca", "/nonexistent/ca.pem"],
    state: "ERROR",
  },
  {
    exit: 75,
    when: "the core is busy",
    before: refuseCreate("RATE_LIMITED", status.RESOURCE_EXHAUSTED),
    state: "BUSY",
  },
  { exit: 75, when: "the key is busy", acts: [keyError("KEY_BUSY")], state: "BUSY" },
];

let world: CliWorld;
let file: string;
beforeEach(async () => {
  world = await CliWorld.open();
  file = world.write(join(world.folder, "invoice.xml"), painXml());
});
afterEach(() => world.close());

async function pay(row: Row): Promise<{ code: number; last: Record<string, unknown> | undefined }> {
  world.daemon.acts.push(...(row.acts ?? []));
  row.before?.(world);
  const running = world.run("pay", file, "--json", "--receipts", world.folder, ...(row.args ?? []));
  await row.during?.(world);
  const ran = await running;
  return { code: ran.code, last: ran.json().at(-1) };
}

test.each(ROWS)("exit $exit: $when", async (row) => {
  const { code, last } = await pay(row);
  expect(last).toMatchObject({ state: row.state, final: true, exit: row.exit });
  expect(code).toBe(row.exit);
});

const CLIENT_ROWS: readonly Row[] = [
  { exit: 0, when: "executed", acts: [APPROVE], state: "EXECUTED" },
  { exit: 10, when: "rejected on its own key", acts: [REJECT], state: "REJECTED" },
  { exit: 11, when: "ended without detail", acts: [{ type: "wait" }], during: endsAs(State.REJECTED), state: "ENDED" },
  { exit: 11, when: "locked", acts: [WRONG, WRONG, WRONG], state: "ENDED" },
  { exit: 12, when: "tampered", acts: [{ type: "wait" }], during: endsAs(State.TAMPERED), state: "TAMPERED" },
  { exit: 14, when: "its key left", acts: [keyError("KEY_LEFT")], state: "KEY_LEFT" },
  {
    exit: 17,
    when: "Ctrl-C",
    acts: [{ type: "wait" }],
    during: async (one) => {
      await one.daemon.askedTimes(1);
      one.interrupt();
    },
    state: "CANCELLED",
  },
  {
    exit: 19,
    when: "unknown",
    acts: [APPROVE],
    before: (one) => (one.core.executor = "unknown"),
    state: "EXECUTION_UNKNOWN",
  },
  {
    exit: 21,
    when: "class NOT_CONFIRMED",
    before: refuseCreate("NOT_CONFIRMED", status.PERMISSION_DENIED),
    state: "NOT_CONFIRMED",
  },
  { exit: 75, when: "class BUSY", before: refuseCreate("BUSY", status.RESOURCE_EXHAUSTED), state: "BUSY" },
];

test.each(CLIENT_ROWS)("check 17: exit $exit with a client's token: $when", async (row) => {
  world.setToken(GRANT_TOKEN);
  const { code, last } = await pay(row);
  expect(last).toMatchObject({ state: row.state, exit: row.exit });
  expect(code).toBe(row.exit);
});

test.each([
  ["a file that is refused", ["pay", "FILE"], painXml({ header: "<NbOfTxs>2</NbOfTxs>" }), "GrpHdr/NbOfTxs"],
  ["a file that is not there", ["pay", "/nonexistent.xml"], painXml(), "/nonexistent.xml"],
  ["an unknown command", ["frobnicate"], painXml(), "unknown command"],
  ["an unknown option", ["pay", "FILE", "--frobnicate"], painXml(), "--frobnicate"],
  ["no file", ["pay"], painXml(), "missing required argument"],
  ["a false repeat", ["pay", "FILE", "--repeat", "x"], painXml(), "--repeat"],
  ["a false lifetime", ["pay", "FILE", "--lifetime", "601"], painXml(), "--lifetime"],
  ["a false kind", ["confirm", "frobnicate"], painXml(), "frobnicate"],
  ["a kind of the core", ["confirm", "thaw", "--field", "action=x", "--dry-run"], painXml(), "thaw"],
  ["a false field", ["confirm", "pay", "--field", "amount=12"], painXml(), "EUR 1250.00"],
  ["a missing label", ["confirm", "pay", "--field", "amount=EUR 1.00"], painXml(), "needs"],
  ["unsafe text", ["confirm", "approve", "--field", "action=a\u202Eb"], painXml(), "U+202E"],
])("exit 2: %s", async (_name, args, bytes, words) => {
  world.write(file, bytes);
  const ran = await world.run(...args.map((arg) => (arg === "FILE" ? file : arg)));
  expect(ran.err).toContain(words);
  expect(ran.code).toBe(2);
  expect(world.core.held.size).toBe(0);
});

/** Of administrators' commands: admin/exit-codes.test.ts. */
const OF_ADMINS = [ExitCode.CHANGE_WAITS, ExitCode.CHANGE_REJECTED, ExitCode.VERSION_CONFLICT, ExitCode.NOT_ALLOWED];

test("every exit code of the table is covered here", () => {
  const covered = new Set([...[...ROWS, ...CLIENT_ROWS].map(({ exit }) => exit), ...OF_ADMINS]);
  expect([...covered].toSorted((a, b) => a - b)).toEqual(Object.values(ExitCode).toSorted((a, b) => a - b));
});

test("a second, forged core cannot say executed: only the pinned key counts", async () => {
  const config = { ...world.settings(), coreKeys: [Buffer.from(new TestKey().coseKey).toString("hex")] };
  world.write(world.config, JSON.stringify(config));
  expect((await pay({ exit: 20, when: "", acts: [APPROVE] })).code).toBe(20);
});

test("a receipt is kept that countersign verify takes again, and not when a bit is flipped", async () => {
  const { last } = await pay({ exit: 0, when: "", acts: [APPROVE] });
  const receipt = String(last?.["receiptFile"]);
  expect(receipt).toMatch(/receipt-[0-9A-F]{4}-[0-9A-F]{4}\.json$/);
  const good = await world.run("verify", receipt);
  expect([good.code, good.out]).toEqual([0, expect.stringContaining("EUR 1 250.00")]);
  const bytes = readFileSync(receipt);
  world.write(receipt, bytes.with(300, (bytes[300] ?? 0) ^ 1));
  const bad = await world.run("verify", receipt);
  expect([bad.code, bad.out]).toEqual([20, expect.stringContaining("does not verify")]);
  expect((await world.run("verify", "/nonexistent.json")).code).toBe(2);
});
