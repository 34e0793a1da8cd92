import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { Kind, Label, type Field } from "@countersign/protocol";
import { tempFolder } from "@countersign/testing";
import { confirm, outcomeOf, type ConfirmGiven, type ConfirmRequest } from "./confirm.ts";
import type { CoreConnection } from "./core-connection.ts";
import type { DaemonConnection } from "./key-place.ts";
import { CREATE } from "./methods.ts";
import { openCore, type NodeCoreConnection } from "./node/core-connection.ts";
import { openDaemon } from "./node/daemon-connection.ts";
import type { Port } from "./port.ts";
import { APP_TOKEN, CODE, FakeCore, startFakeDaemon, type FakeDaemon } from "./testing/index.ts";
import { Token } from "./token.ts";

const folder = tempFolder();
const fields: Field[] = [
  { label: Label.AMOUNT, value: { type: "amount", amount: { currency: "EUR", minorUnits: 500n } } },
  { label: Label.TO, value: { type: "text", text: "Miller" } },
  { label: Label.ACCOUNT, value: { type: "account", account: { iban: "DE89370400440532013000" } } },
];
const payment: ConfirmRequest = { userId: "ada", kind: Kind.PAY, fields };

let core: FakeCore;
let daemon: FakeDaemon;
let connection: NodeCoreConnection;
let device: DaemonConnection;

beforeEach(async () => {
  core = await new FakeCore().start();
  daemon = await startFakeDaemon(join(folder, "daemon.sock"), []);
  core.userKey = daemon.key;
  connection = openCore({ address: core.address, token: new Token(APP_TOKEN) });
  device = openDaemon(daemon.socket);
});
afterEach(() => {
  connection.close();
  device.close();
  core.stop();
  daemon.stop();
});

function given(over: CoreConnection = connection): ConfirmGiven {
  const pinned = { serverId: core.serverId, publicKeys: [core.receiptKey.coseKey] };
  return { core: over, daemon: device, pinned };
}

/** Malware between client and core answers Create with what was created before; all else is the true core's. */
function replaying(): CoreConnection {
  const { transaction, token } = core.only;
  const old = { transaction, confirmationToken: token };
  const { port } = connection;
  const unary: Port["unary"] = (method, request, of) =>
    method.path === CREATE.path ? Promise.resolve(old as never) : port.unary(method, request, of);
  return { ...connection, port: { ...port, unary } };
}

test("threat 08: the receipt of yesterday's equal payment does not pass for today's", async () => {
  daemon.acts.push({ type: "approve", code: CODE });
  expect(await outcomeOf(confirm(payment, given()))).toMatchObject({ state: "EXECUTED" });
  daemon.acts.push({ type: "approve", code: CODE });
  expect(await outcomeOf(confirm(payment, given(replaying())))).toEqual({
    state: "RECEIPT_UNVERIFIED",
    why: "it is over a statement that the key did not sign now",
  });
});

test("a payment that is taken up again under its own request id has its receipt", async () => {
  daemon.acts.push({ type: "approve", code: CODE });
  const named = { ...payment, requestId: "mine" };
  expect(await outcomeOf(confirm(named, given()))).toMatchObject({ state: "EXECUTED" });
  expect(await outcomeOf(confirm(named, given()))).toMatchObject({ state: "EXECUTED" });
  expect(core.held.size).toBe(1);
});
