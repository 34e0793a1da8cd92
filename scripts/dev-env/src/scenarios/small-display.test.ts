// The whole path with a key of two rows of sixteen characters: what it shows is read, compared and signed as on a large one.
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { tempFolder } from "@countersign/testing";
import { ROOT } from "@countersign/testing/child";
import { setUpDesk, type Desk } from "../desk.ts";
import { startInstallation, type Installation } from "../installation.ts";
import { runScenario } from "../scenario.ts";

const INVOICE = join(ROOT, "examples/bank/samples/invoice.xml");
const OTHER = join(ROOT, "examples/bank/samples/invoice-09.xml");
const BATCH = join(ROOT, "examples/bank/samples/suppliers-two-days.xml");
const folder = tempFolder();
let installation: Installation;
let desk: Desk;

beforeAll(async () => {
  installation = await startInstallation({ folder, mode: "B" });
  desk = await setUpDesk(installation, { mode: "B", userId: "first", chatId: "2000", display: "16x2" });
}, 400_000);

afterAll(async () => {
  await desk?.stop();
  await installation?.stop();
});

test.each([
  ["an invoice", INVOICE, 1],
  ["a batch of four payments", BATCH, 4],
])(
  "claim 07, claim 22: on 16x2 %s is read page by page, compared, confirmed and executed once",
  async (_name, file, payments) => {
    const ended = await runScenario({ installation, desk, file, user: "careful" });
    expect({ exit: ended.exitCode, output: ended.output }).toEqual({ exit: 0, output: ended.output });
    expect(ended.booked.filter((line) => line["type"] === "payment")).toHaveLength(payments);
  },
  400_000,
);

test.each(["alter-tx2", "alter-both"] as const)(
  "threat 03: on 16x2 a careful user sees %s on the key and rejects, nothing is executed",
  async (attack) => {
    const ended = await runScenario({ installation, desk, file: OTHER, user: "careful", attack });
    expect({ exit: ended.exitCode, output: ended.output }).toEqual({ exit: 10, output: ended.output });
    expect(ended.booked).toEqual([]);
  },
  400_000,
);
