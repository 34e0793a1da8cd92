import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { AuditHead } from "@countersign/proto/node/admin/v1/audit_service";
import { AdminCli } from "../testing/admin-cli.ts";

let cli: AdminCli;
beforeEach(async () => {
  cli = await AdminCli.open();
});
afterEach(() => cli.close());

/** Message by message, as the cursor asks; each but the last breaks the connection. */
function tellInParts(parts: readonly string[]): void {
  cli.answer("Export", ({ cursor }) => {
    const at = Number(cursor === "" ? 0 : cursor);
    const isLast = at === parts.length - 1;
    const message = { lines: Buffer.from(parts[at] ?? ""), cursor: isLast ? "" : String(at + 1) };
    return { ...message, ...(isLast ? { ends: true } : { breaks: true }) };
  });
}

test("a connection that breaks is gone on with where it was, and the file is there once it is whole", async () => {
  tellInParts(["one\n", "two\n", "three\n"]);
  const file = cli.path("export.jsonl");
  const { code } = await cli.run("audit", "export", "--out", file, "--since", "7");
  expect([code, readFileSync(file, "utf8")]).toEqual([0, "one\ntwo\nthree\n"]);
  expect(cli.requests("Export").map(({ sinceNumber, cursor }) => [sinceNumber, cursor])).toEqual([
    [7n, ""],
    [7n, "1"],
    [7n, "2"],
  ]);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(existsSync(`${file}.part`)).toBe(false);
});

test("one that is refused leaves what was there", async () => {
  const file = cli.path("export.jsonl");
  writeFileSync(file, "before\n");
  cli.answer("Export", () => ({ lines: Buffer.from("half\n"), cursor: "1", ends: true }));
  const { code, err } = await cli.run("audit", "export", "--out", file);
  expect([code, err]).toEqual([69, expect.stringContaining("cut off")]);
  expect(readFileSync(file, "utf8")).toBe("before\n");
  expect(existsSync(`${file}.part`)).toBe(false);
});

test("without a file it goes to stdout; with --json there has to be one", async () => {
  tellInParts(["one\n"]);
  expect(await cli.run("audit", "export")).toMatchObject({ code: 0, out: "one\n" });
  expect((await cli.run("audit", "export", "--json")).code).toBe(2);
});

function head(number: bigint): AuditHead {
  return AuditHead.create({ number, line: `head ${number}\n` });
}

test("heads are listed newest first, and appended oldest first", async () => {
  cli.answer("ListHeads", { heads: [head(3n), head(2n)], nextPageToken: "" });
  const file = cli.path("heads.jsonl");
  writeFileSync(file, "head 1\n");
  const { code, out } = await cli.run("audit", "heads", "--out", file);
  expect([code, out.indexOf("3") < out.indexOf("2")]).toEqual([0, true]);
  expect(readFileSync(file, "utf8")).toBe("head 1\nhead 2\nhead 3\n");
});
