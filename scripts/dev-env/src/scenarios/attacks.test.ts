// The threat model as a table: malware on the PC against a careful user, through real processes and real reports.
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { ROOT } from "@countersign/testing/child";
import { tempFolder } from "@countersign/testing";
import { anotherUser, setUpDesk, type Desk } from "../desk.ts";
import { startInstallation, type Installation, type ModeName } from "../installation.ts";
import type { Attack } from "../mitm/attacks.ts";
import { runScenario, type Scenario } from "../scenario.ts";
import { freshFile } from "./fresh-file.ts";

/** Rows of reliability's threat list that an attack belongs to, and the client's exit code in each mode. */
const TABLE: readonly (readonly [row: string, attack: Attack, exits: Readonly<Record<ModeName, number>>])[] = [
  ["threat 01", "alter-tx2", { A: 10, B: 10, C: 12 }],
  ["threat 02", "alter-tx3", { A: 12, B: 13, C: 13 }],
  ["threat 03", "alter-both", { A: 10, B: 10, C: 13 }],
  ["threat 09", "wrong-code", { A: 0, B: 0, C: 0 }],
  ["threat 04", "swap-codes", { A: 0, B: 0, C: 0 }],
  ["threat 05", "replay-statement", { A: 0, B: 0, C: 0 }],
  ["threat 09", "garbage-signatures", { A: 0, B: 0, C: 0 }],
  ["threat 08", "forged-success", { A: 20, B: 20, C: 20 }],
  ["threat 08", "withheld-statement", { A: 22, B: 22, C: 22 }],
];

const INVOICE = join(ROOT, "examples/bank/samples/invoice.xml");

describe.each(["A", "B", "C"] as const)("mode %s", (mode) => {
  const folder = tempFolder();
  let installation: Installation;
  let desk: Desk;
  let users = 0;

  beforeAll(async () => {
    installation = await startInstallation({ folder, mode });
    desk = await setUpDesk(installation, { mode, userId: "first", chatId: "1000" });
  }, 60_000);
  afterAll(async () => {
    await desk?.stop();
    await installation?.stop();
  });

  /** Each row has a user of his own, so that no limit of one row reaches the next. */
  async function run(row: Pick<Scenario, "attack" | "user">) {
    users += 1;
    const his = await anotherUser(installation, desk, { userId: `user-${users}`, chatId: String(1000 + users) });
    const ended = await runScenario({ installation, desk: his, file: freshFile(INVOICE, folder), ...row });
    return { ...ended, phone: await messagesOf(his) };
  }

  test.each(TABLE.map(([row, attack, exits]) => ({ row, attack, exit: exits[mode] })))(
    "$row: $attack against a careful user ends with exit $exit",
    async ({ attack, exit }) => {
      const ended = await run({ attack, user: "careful" });
      expect({ exit: ended.exitCode, output: ended.output }).toEqual({ exit, output: ended.output });
      const executions = ended.booked.filter((line) => line["type"] === "transaction");
      expect(executions).toHaveLength(exit === 0 || attack === "withheld-statement" ? 1 : 0);
      expect(JSON.stringify(ended.booked)).not.toContain("Mallory");
      // The phone has the last word: it raises the alarm, and it never tells what did not happen.
      expect(ended.phone.includes("STOPPED")).toBe(exit === 12 || attack === "alter-tx2");
      expect(ended.phone.includes("Executed")).toBe(executions.length > 0);
    },
    30_000,
  );

  test("threat 03: alter-both against a careless user is executed: the scheme's limit", async () => {
    const ended = await run({ attack: "alter-both", user: "careless" });
    expect({ exit: ended.exitCode, output: ended.output }).toEqual({ exit: 0, output: ended.output });
    expect(JSON.stringify(ended.booked)).toContain("Mallory");
  }, 30_000);

  test.each(["alter-tx2", "alter-tx3"] as const)(
    "threat 01: %s against a careless user is TAMPERED: the digest holds without him",
    async (attack) => {
      const ended = await run({ attack, user: "careless" });
      expect({ exit: ended.exitCode, output: ended.output }).toEqual({ exit: 12, output: ended.output });
      expect(ended.booked).toEqual([]);
    },
    30_000,
  );
});

/** What the phone shows now, except how its chat was linked. */
async function messagesOf(desk: Desk): Promise<string> {
  const response = await fetch(`${desk.phoneUrl}/messages`);
  const chat = (await response.json()) as { messages: { text: string }[] };
  const aboutPayments = chat.messages.filter(({ text }) => !text.includes("Link a chat"));
  return aboutPayments.map(({ text }) => text).join("\n");
}
