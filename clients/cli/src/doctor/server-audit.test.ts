// doctor --server --audit: all of the history over the line, held against the pinned keys.
import { readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { AdminServiceGetSummaryResponse } from "@countersign/proto/node/admin/v1/admin_service";
import { AdminCli } from "../testing/admin-cli.ts";

interface Vector {
  readonly name: string;
  readonly lines: readonly string[];
}

const path = join(import.meta.dirname, "../../../../core/protocol/vectors/audit-export.json");
const { accept, reject }: { accept: Vector[]; reject: (Vector & { readonly kept?: string })[] } = JSON.parse(
  readFileSync(path, "utf8"),
);
/** Of the vectors. */
const SERVER_ID = "101112131415161718191a1b1c1d1e1f";
const CORE_KEY =
  "a5010203262001215820955baf57591a487d428bb6895cdf17ca768bfd2a652da481a7cef5127bd21af2" +
  "2258204b46827f03d1a51136f497bf85bafc354254f089f2bd6940ca85d2ffc79232c9";

let cli: AdminCli;
beforeEach(async () => {
  cli = await AdminCli.open();
  const summary = { bots: { attached: 2, total: 2, paused: 0, waiting: 0 }, index: { read: 1024, of: 1024 } };
  cli.answer("GetSummary", AdminServiceGetSummaryResponse.create(summary));
});
afterEach(() => cli.close());

/** A core with this history; pinned is the one of the vectors, or the fake's own. */
async function doctor(lines: readonly string[], pins: readonly string[], ...more: string[]): Promise<[number, string]> {
  const text = lines.map((line) => `${line}\n`).join("");
  cli.answer("Export", () => ({ lines: Buffer.from(text), cursor: "", ends: true }));
  const secrets = ["--secrets", cli.world.folder];
  const { code, out } = await cli.world.run(...pins, "doctor", "--server", ...secrets, "--audit", ...more);
  return [code, out];
}

const PINS = ["--server-id", SERVER_ID, "--core-key", CORE_KEY];
const exports = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith("countersign-audit-"));

test.each(accept)("$name: verified, and how many entries", async ({ lines }) => {
  const [, out] = await doctor(lines, PINS);
  expect(out).toMatch(/audit: \d+ entries verified against the core's signed heads/);
  expect(cli.requests("Export")).toHaveLength(1);
});

test.each(reject.filter(({ kept }) => kept === undefined))("$name: named, with its fix", async ({ lines }) => {
  const [code, out] = await doctor(lines, PINS);
  expect([code, out]).toEqual([69, expect.stringMatching(/audit does not verify: .+ Fix: stop confirming and keep/)]);
});

test("a head that was kept elsewhere and that the history does not lead through", async () => {
  const forked = reject.find(({ kept }) => kept !== undefined)!;
  const head = cli.world.write(cli.path("kept.jsonl"), `${forked.kept}\n`);
  const [code, out] = await doctor(forked.lines, PINS, "--head", head);
  expect([code, out]).toEqual([69, expect.stringContaining("audit does not verify: ")]);
});

test("signed by another core than the pinned one; and no export is left behind", async () => {
  const before = new Set(exports());
  const [code, out] = await doctor(accept[0]!.lines, []);
  expect([code, out]).toEqual([69, expect.stringContaining("audit does not verify")]);
  const { out: none } = await cli.world.run("doctor", "--server");
  expect(none).not.toContain("audit does not verify");
  expect(exports().filter((name) => !before.has(name))).toEqual([]);
});
