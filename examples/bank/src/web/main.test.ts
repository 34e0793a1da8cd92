import { writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { startChild, tempFolder } from "@countersign/testing";
import { expect, test } from "@jest/globals";

const folder = tempFolder();
const file = join(folder, "set-up.json");
writeFileSync(join(folder, "desk.token"), "cs_app_submit\n", { mode: 0o600 });
writeFileSync(join(folder, "index.html"), "<!doctype html><title>Pay</title>");

const GOOD = {
  ...{ core: "127.0.0.1:1", coreWeb: "http://127.0.0.1:2", serverId: "ab".repeat(16), coreKeys: ["a1"] },
  tokenFile: "desk.token",
};

/** How it ends, and what it says. */
async function endOf(setUp: object, ...args: string[]): Promise<string> {
  writeFileSync(file, JSON.stringify(setUp));
  const started = startChild("examples/bank/src/web/main.ts", ["--set-up", file, ...args]);
  return started.then(
    () => "it started",
    (error: unknown) => (error as Error).message,
  );
}

test.each([
  ["an option that there is not", GOOD, ["--sites", folder], /--sites/],
  ["a member that is wrong", { ...GOOD, coreWeb: "nowhere" }, ["--site", folder], /coreWeb is wrong/],
  ["a site without a page", GOOD, ["--site", tempFolder()], /--site .*: there is no index\.html/],
  ["a core far away, and no authority", { ...GOOD, core: "core.example:1" }, ["--site", folder], /coreCa: needed/],
])("%s is a matter of usage: exit 2", async (_what, setUp, args, says) => {
  const end = await endOf(setUp, ...args);
  expect(end).toContain("ended with 2 ");
  expect(end).toMatch(says);
  expect(end).toContain("usage: main.ts");
});

test("an address that is taken is none: exit 69", async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  const { port } = other.address() as AddressInfo;
  const end = await endOf(GOOD, "--site", folder, "--listen", `127.0.0.1:${port}`);
  await new Promise((resolve) => other.close(resolve));
  expect(end).toContain("ended with 69 ");
  expect(end).toMatch(/EADDRINUSE/);
  expect(end).not.toContain("usage");
});
