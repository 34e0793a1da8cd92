// The main job: every payment file, in every mode, through real processes and real reports, to the ledger.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { ROOT } from "@countersign/testing/child";
import { tempFolder } from "@countersign/testing";
import { anotherUser, setUpDesk, type Desk } from "../desk.ts";
import { readLedger, startInstallation, type Installation } from "../installation.ts";
import { runScenario } from "../scenario.ts";
import { paymentsIn } from "./payments-in.ts";

const xmlIn = (folder: string): string[] =>
  existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => name.endsWith(".xml"))
        .map((name) => join(folder, name))
    : [];

const VALID = [...xmlIn(join(ROOT, "examples/bank/samples")), ...xmlIn(join(ROOT, "../shared/data/pain001/valid"))];
const REFUSED = [
  ...xmlIn(join(ROOT, "examples/bank/samples/refused")),
  ...xmlIn(join(ROOT, "../shared/data/pain001/refused")),
];

describe.each(["A", "B", "C"] as const)("mode %s", (mode) => {
  const folder = tempFolder();
  let installation: Installation;
  let desk: Desk;
  let his: Desk;
  let runs = 0;

  beforeAll(async () => {
    installation = await startInstallation({ folder, mode });
    desk = await setUpDesk(installation, { mode, userId: "first", chatId: "2000" });
    his = desk;
  }, 400_000);
  afterAll(async () => {
    await desk?.stop();
    await installation?.stop();
  });

  /** At most five prompts a minute reach one user, one of them links his chat. */
  async function rested(): Promise<Desk> {
    runs += 1;
    if (runs % 4 === 0)
      his = await anotherUser(installation, desk, { userId: `user-${runs}`, chatId: String(2000 + runs) });
    return his;
  }

  test.each(VALID.map((file) => [file.slice(file.lastIndexOf("/") + 1), file]))(
    "claim 01: %s is confirmed and executed once, digit for digit",
    async (_name, file) => {
      const ended = await runScenario({ installation, desk: await rested(), file, user: "careful" });
      expect({ exit: ended.exitCode, output: ended.output }).toEqual({ exit: 0, output: ended.output });
      const booked = ended.booked.filter((line) => line["type"] === "payment");
      expect(booked.map(({ payee, currency, minorUnits }) => ({ payee, currency, minorUnits }))).toEqual(
        paymentsIn(file),
      );
      expect(ended.booked.filter((line) => line["type"] === "transaction")).toHaveLength(1);
    },
    400_000,
  );

  if (mode !== "B") return;
  test.each(REFUSED.map((file) => [file.slice(file.lastIndexOf("/") + 1), file]))(
    "check 10: %s is refused, naming element and rule, and nothing is stored",
    async (_name, file) => {
      const before = readLedger(installation).length;
      const ended = await runScenario({ installation, desk: his, file, user: "careful" });
      expect({ exit: ended.exitCode, output: ended.output }).toEqual({ exit: 2, output: ended.output });
      expect(ended.output).toMatch(/line \d+: (Document|file)/);
      expect(readLedger(installation)).toHaveLength(before);
    },
    400_000,
  );
});
