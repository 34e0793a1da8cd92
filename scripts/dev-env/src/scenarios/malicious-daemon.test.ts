// D15 of the daemon's requirements: whatever a daemon in the hands of malware does between client and key, nothing is
// carried out that a careful user did not want, and nothing twice.
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { ROOT } from "@countersign/testing/child";
import { tempFolder } from "@countersign/testing";
import { anotherUser, setUpDesk, type Desk } from "../desk.ts";
import { readLedger, startInstallation, type Installation } from "../installation.ts";
import { lyingDaemon, type DaemonLie, type DaemonMemory } from "../mitm/daemon-lies.ts";
import { connect } from "../parts.ts";
import { runScenario } from "../scenario.ts";
import { freshFile } from "./fresh-file.ts";

const folder = tempFolder();
let installation: Installation;
let desk: Desk;
let users = 0;

beforeAll(async () => {
  installation = await startInstallation({ folder, mode: "B" });
  desk = await setUpDesk(installation, { mode: "B", userId: "first", chatId: "3000" });
}, 400_000);
afterAll(async () => {
  await desk?.stop();
  await installation?.stop();
});

/** A user of his own for each row; the payments are in the order of asking. */
async function run(lie: DaemonLie, payments = 1) {
  users += 1;
  const his = await anotherUser(installation, desk, { userId: `user-${users}`, chatId: String(3000 + users) });
  const memory: DaemonMemory = { seen: [] };
  const malware = { toCore: pass, toDaemon: lyingDaemon(lie, memory), kept: [] };
  const before = readLedger(installation).length;
  const exits: number[] = [];
  for (let i = 0; i < payments; i += 1) {
    const file = freshFile(join(ROOT, "examples/bank/samples/invoice.xml"), folder);
    const { exitCode } = await runScenario({ installation, desk: his, file, user: "careful", malware });
    exits.push(exitCode);
  }
  await submitAll(memory, his.userId);
  const booked = readLedger(installation).slice(before);
  return { exits, executions: booked.filter(({ type }) => type === "transaction").length, booked };
}

const pass = (call: { readonly request: unknown }, forward: (request: unknown) => AsyncIterable<unknown>) =>
  forward(call.request);

/** The malware hands in everything that it ever saw, for every transaction of the user; then all that is open ends. */
async function submitAll({ seen }: DaemonMemory, userId: string): Promise<void> {
  const parts = connect(installation);
  try {
    const { transactions } = await parts.transactions.list({ userId, pageSize: 20 });
    for (const { transactionId } of transactions) {
      for (const { event } of seen) {
        if (event?.$case !== "signed") continue;
        const { signedStatement } = event.value;
        await parts.verification.submitStatement({ transactionId, signedStatement }).catch(() => undefined);
      }
      for await (const { transaction } of parts.transactions.watch({ transactionId, cursor: "" })) {
        if (transaction !== undefined && ![1, 2, 3, 4].includes(transaction.state)) break;
      }
    }
  } finally {
    parts.close();
  }
}

// Exits of docs/how-to/exit-codes.md. Where the client got no answer that holds it has withdrawn: what the malware hands in
// after that is too late.
test.each<{ lie: DaemonLie; exit: number; executions: number }>([
  { lie: "alters what the key gets", exit: 10, executions: 0 },
  { lie: "names a server that is not the key's", exit: 14, executions: 0 },
  { lie: "tells the key that the chat shows it all", exit: 0, executions: 1 },
  { lie: "changes a byte of the answer", exit: 21, executions: 0 },
  { lie: "answers with another digest under the key's name", exit: 21, executions: 0 },
  { lie: "answers for the key with a key of its own", exit: 21, executions: 0 },
  { lie: "says approved of what was rejected", exit: 0, executions: 1 },
  { lie: "says rejected of what was approved", exit: 0, executions: 1 },
  { lie: "swallows the answer", exit: 14, executions: 0 },
  { lie: "tells steps and never asks the key", exit: 14, executions: 0 },
  { lie: "asks the key a second time for what was confirmed", exit: 0, executions: 1 },
  { lie: "asks the key for something else once it has confirmed", exit: 10, executions: 0 },
])("D15: a daemon that $lie: exit $exit, executed $executions times", async ({ lie, exit, executions }) => {
  const ended = await run(lie);
  expect({ exits: ended.exits, executions: ended.executions }).toEqual({ exits: [exit], executions });
  expect(JSON.stringify(ended.booked)).not.toContain("Mallory");
});

test("D15: a daemon that answers with what was signed before: the second payment is not the first one again", async () => {
  const ended = await run("answers with what was signed before", 2);
  expect({ exits: ended.exits, executions: ended.executions }).toEqual({ exits: [0, 21], executions: 1 });
});
