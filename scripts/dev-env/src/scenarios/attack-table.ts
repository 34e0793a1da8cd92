// The threat model as a table: malware on the PC against a careful user, through real processes and real reports. One
// test file a mode runs it, so that they run beside each other.
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { ROOT } from "@countersign/testing/child";
import { tempFolder } from "@countersign/testing";
import { anotherUser, setUpDesk, type Desk } from "../desk.ts";
import { startInstallation, type Installation, type ModeName } from "../installation.ts";
import type { Attack } from "../mitm/attacks.ts";
import { PhoneInHand } from "../person/phone-in-hand.ts";
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

/** Declares the whole table of one mode as tests. */
export function testAttacks(mode: ModeName): void {
  const folder = tempFolder();
  let installation: Installation;
  let desk: Desk;
  let users = 0;

  beforeAll(async () => {
    installation = await startInstallation({ folder, mode });
    desk = await setUpDesk(installation, { mode, userId: "first", chatId: "1000" });
  }, 400_000);
  afterAll(async () => {
    await desk?.stop();
    await installation?.stop();
  });

  /** Each row has a user of his own, so that no limit of one row reaches the next. */
  async function run(row: Pick<Scenario, "attack" | "user">) {
    users += 1;
    const his = await anotherUser(installation, desk, { userId: `user-${users}`, chatId: String(1000 + users) });
    const phone = await newMessages(his);
    const ended = await runScenario({ installation, desk: his, file: freshFile(INVOICE, folder), ...row });
    return { ...ended, executions: ended.booked.filter((line) => line["type"] === "transaction").length, phone };
  }

  test.each(TABLE.map(([row, attack, exits]) => ({ row, attack, exit: exits[mode] })))(
    "$row: $attack against a careful user ends with exit $exit",
    async ({ attack, exit }) => {
      const ended = await run({ attack, user: "careful" });
      expect({ exit: ended.exitCode, output: ended.output }).toEqual({ exit, output: ended.output });
      expect(ended.executions).toBe(exit === 0 || attack === "withheld-statement" ? 1 : 0);
      expect(JSON.stringify(ended.booked)).not.toContain("Mallory");
      // The phone has the last word: it raises the alarm, tells the end, and never what did not happen.
      await ended.phone.says(phoneTells(attack, exit));
      expect((await ended.phone.now()).includes("Executed")).toBe(ended.executions > 0);
    },
    400_000,
  );

  test("threat 03: alter-both against a careless user is executed, the scheme's limit; the receipt gives it away", async () => {
    const ended = await run({ attack: "alter-both", user: "careless" });
    expect({ exit: ended.exitCode, output: ended.output }).toEqual({ exit: 20, output: ended.output });
    expect(ended.executions).toBe(1);
    expect(JSON.stringify(ended.booked)).toContain("Mallory");
  }, 400_000);

  test.each(["alter-tx2", "alter-tx3"] as const)(
    "threat 01: %s against a careless user is TAMPERED: the digest holds without him",
    async (attack) => {
      const ended = await run({ attack, user: "careless" });
      expect({ exit: ended.exitCode, output: ended.output }).toEqual({ exit: 12, output: ended.output });
      expect(ended.booked).toEqual([]);
      await ended.phone.says("STOPPED");
    },
    400_000,
  );
}

/** What the chat tells at the end. A reject of altered content is signed over it, and so proves the tampering too. */
function phoneTells(attack: Attack, exit: number): string {
  if (attack === "alter-tx2" || exit === 12) return "STOPPED";
  if (attack === "forged-success") return "Code: ";
  return exit === 10 || exit === 13 ? "Stopped by you" : "Executed";
}

/** For one look at a phone, however long the scenario takes. */
const patience = (): AbortSignal => AbortSignal.timeout(60_000);

/** The messages that come to a phone from now on. */
async function newMessages(desk: Desk): Promise<{ now(): Promise<string>; says(text: string): Promise<void> }> {
  const phone = new PhoneInHand(desk.phoneUrl);
  const old = new Set((await phone.look(undefined, patience())).messages.map(({ id }) => id));
  const look = async (after?: number): Promise<{ version: number; text: string }> => {
    const { version, messages } = await phone.look(after, patience());
    const fresh = messages.filter(({ id }) => !old.has(id));
    return { version, text: fresh.map(({ text }) => text).join("\n") };
  };
  return {
    now: async () => (await look()).text,
    says: async (text) => {
      for (let seen = await look(); !seen.text.includes(text);) seen = await look(seen.version);
    },
  };
}
