// A slice of `scripts/faults crash`.
import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { tempFolder, testWith } from "@countersign/testing";
import { macKey } from "@countersign/protocol";
import { openSqliteStore } from "../../core/server/src/store/sqlite-store.ts";
import { crashCampaign } from "./crash-campaign.ts";
import { judgeFolder } from "./judge.ts";
import { Ledger } from "./ledger.ts";
import { spread } from "./spread.ts";

const folder = tempFolder();
/** Many processes, each of which takes its time on a busy machine. */
const PATIENCE_MS = 600_000;
const peerTest = testWith("strace", spawnSync("strace", ["-V"]).status === 0);

peerTest(
  "a core that dies at work and in recovery loses nothing that it acknowledged, and nothing happens twice",
  async () => {
    const at = join(folder, "campaign");
    mkdirSync(at);
    const { deaths, survived, faults, payments } = await crashCampaign(at, { points: 6, people: 6 });
    expect(faults).toEqual([]);
    expect(survived).toBe(deaths.named + deaths.calls + deaths.recovering);
    expect(survived).toBeGreaterThanOrEqual(6);
    expect(payments.executed).toBe(payments.acknowledged);
  },
  PATIENCE_MS,
);

test("what was acknowledged and is not in the store is told, and what was carried out twice", async () => {
  const secret = { store: macKey(new Uint8Array(32).fill(3)) };
  const at = join(folder, "empty");
  await (await openSqliteStore({ folder: at, macKey: secret.store })).close();
  const txId = "0007".padEnd(32, "a");
  const ledger = new Ledger();
  ledger.acknowledge(txId, "confirmed");
  ledger.acknowledge(txId, "created");
  expect(await judgeFolder(at, secret, ledger.acknowledged, ledger)).toEqual([
    `${txId} was acknowledged as confirmed and is gone`,
  ]);
  ledger.execute(txId);
  expect(await judgeFolder(at, secret, new Map(), ledger)).toEqual([]);
  ledger.execute(txId);
  expect(await judgeFolder(at, secret, new Map(), ledger)).toEqual([`${txId} was carried out twice`]);
});

test("places are taken from all over a life", () => {
  const all = Array.from({ length: 100 }, (_, i) => i);
  expect(spread(all, 10).toSorted((a, b) => a - b)).toEqual([0, 10, 20, 30, 40, 50, 60, 70, 80, 90]);
  expect(new Set(spread(all, 100))).toEqual(new Set(all));
  expect(spread(["only"], 3)).toEqual(["only", "only", "only"]);
});
