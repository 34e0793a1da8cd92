// What a healthy, an empty and an absent store look like to the verifier; broken ones are in store/sqlite-tampering.test.ts.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "@jest/globals";
import { macKey } from "@countersign/protocol";
import { tempFolder } from "@countersign/testing";
import { openSqliteStore } from "../store/sqlite-store.ts";
import { changing, drawId, seen, writing } from "../store/store-fixture.ts";
import { CRASH_SECRET } from "../store/testing/crash-workload.ts";
import { describeFinding, verifyAudit } from "./verify-audit.ts";

const folder = tempFolder();
const key = macKey(new Uint8Array(32).fill(7));

test("a store without entries holds", async () => {
  const at = join(folder, drawId());
  await (await openSqliteStore({ folder: at, macKey: key })).close();
  expect(verifyAudit(at, key)).toMatchObject({ ok: true, shards: 0, entries: 0, entities: 0, findings: [] });
});

test("counts over many shards, while the core runs too; without K_store only the chains", async () => {
  const at = join(folder, drawId());
  const store = await openSqliteStore({ folder: at, macKey: key });
  for (let i = 0; i < 300; i++) await store.commit(i * 3, changing([writing("a", "", "x"), writing("b", "", "x")]));
  for (let i = 0; i < 100; i++) {
    const { version } = await seen(store, "a", i * 3);
    await store.commit(i * 3, changing([writing("a", version, "y")]));
  }
  expect(verifyAudit(at, key)).toMatchObject({ ok: true, shards: 300, entries: 400, entities: 600 });
  expect(verifyAudit(at)).toMatchObject({ ok: true, shards: 300, entries: 400, entities: 0 });
  expect(verifyAudit(at).root).toBe(verifyAudit(at, key).root);
  await store.close();
});

test("beside a core that commits on it looks at one moment: what is written meanwhile is no finding", async () => {
  const at = join(folder, drawId());
  const storeKey = macKey(CRASH_SECRET);
  await (await openSqliteStore({ folder: at, macKey: storeKey })).close();
  const child = fileURLToPath(new URL("../store/testing/crash-child.ts", import.meta.url));
  const flags = ["--conditions=source", "--disable-warning=ExperimentalWarning"];
  const core = spawn(process.execPath, [...flags, child, at, "none", "0", "1000000"], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  const gone = once(core, "exit");
  try {
    // Each look finds more than the one before it, so that there were commits all the time.
    for (let [looks, entries] = [0, 0]; looks < 20;) {
      const report = verifyAudit(at, storeKey);
      expect(report.findings).toEqual([]);
      if (report.entries > entries) looks += 1;
      ({ entries } = report);
      await new Promise(setImmediate);
      expect(core.exitCode).toBeNull();
    }
  } finally {
    core.kill("SIGKILL");
    await gone;
  }
});

test("says which folder holds no store", () => {
  expect(() => verifyAudit(join(folder, "absent"))).toThrow(/absent: no countersign.db here/);
});

test("findings are told in one line each", () => {
  expect(describeFinding({ type: "missing", shard: 3, firstSeq: 4, lastSeq: 9 })).toBe(
    "shard 3: entries 4 to 9 are missing",
  );
  expect(describeFinding({ type: "root", why: "it is odd" })).toBe("the store: it is odd");
});
