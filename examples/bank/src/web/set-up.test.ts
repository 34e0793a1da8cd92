import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { tempFolder } from "@countersign/testing";
import { describe, expect, test } from "@jest/globals";
import { readSetUp, SetUpError } from "./set-up.ts";

const folder = tempFolder();
const path = join(folder, "set-up.json");
writeFileSync(join(folder, "desk.token"), "cs_app_submit\n", { mode: 0o600 });
writeFileSync(join(folder, "anna.password"), "correct horse\n", { mode: 0o600 });
writeFileSync(join(folder, "empty.password"), "\n", { mode: 0o600 });
writeFileSync(join(folder, "open.password"), "correct horse\n");
chmodSync(join(folder, "open.password"), 0o644);

const GOOD = {
  ...{ core: "127.0.0.1:8701", coreWeb: "http://127.0.0.1:8702", serverId: "ab".repeat(16), coreKeys: ["a1"] },
  ...{ tokenFile: "desk.token", users: { anna: "anna.password" } },
};

function read(more: object = {}, ...args: string[]): ReturnType<typeof readSetUp> {
  return readText(JSON.stringify({ ...GOOD, ...more }), ...args);
}

function readText(text: string, ...args: string[]): ReturnType<typeof readSetUp> {
  writeFileSync(path, text);
  return readSetUp(["--set-up", path, "--site", "site", ...args]);
}

/** What the refusal says. */
function refusal(make: () => unknown): string {
  try {
    make();
  } catch (error) {
    if (error instanceof SetUpError) return error.message.replaceAll(folder, "…");
    throw error;
  }
  throw new Error("it was taken");
}

test("files lie beside the set-up file, and secrets lose the end of their line", () => {
  expect(read({ coreCa: "ca.pem" })).toEqual({
    ...{ listen: { host: "127.0.0.1", port: 8703 }, site: "site", origins: [], core: GOOD.core },
    ...{ coreCa: join(folder, "ca.pem"), coreWeb: GOOD.coreWeb, submitToken: "cs_app_submit" },
    ...{ pinned: { serverId: GOOD.serverId, coreKeys: GOOD.coreKeys }, users: new Map([["anna", "correct horse"]]) },
  });
});

test("users and the core's authority may be left out", () => {
  const { users, coreCa } = read({ users: undefined });
  expect({ users, coreCa }).toEqual({ users: new Map(), coreCa: undefined });
});

describe("options", () => {
  test.each([
    [[], "--set-up: path of the JSON file that says where the core is and who it is"],
    [["--set-up", path], "--site: folder of the built web client; scripts/build-web makes it"],
    [["--set-up", join(folder, "none.json"), "--site", "site"], /^--set-up: ENOENT.*'…\/none\.json'$/],
    [["--sites", "site"], /--sites/],
  ])("%j", (args, says) => {
    expect(refusal(() => readSetUp(args))).toMatch(says);
  });

  test.each(["0.0.0.0:8703", "bank.example:8703", "127.0.0.1", "127.0.0.1:65536"])("--listen %s", (listen) => {
    expect(refusal(() => read({}, "--listen", listen))).toContain(`--listen ${listen}: HOST:PORT of this machine`);
  });

  test.each([
    ["[::1]:8703", { host: "::1", port: 8703 }],
    ["localhost:0", { host: "localhost", port: 0 }],
  ])("--listen %s is this machine", (listen, means) => {
    expect(read({}, "--listen", listen).listen).toEqual(means);
  });

  test.each([
    "null",
    "bank.example",
    "https://bank.example/",
    "HTTPS://bank.example",
    "file:///x",
    "ftp://bank.example",
  ])("--origin %s is sent by no browser's page", (origin) => {
    expect(refusal(() => read({}, "--origin", origin))).toContain(`--origin ${origin}: exactly as a browser sends it`);
  });

  test("--origin may be given more than once", () => {
    const { origins } = read({}, "--origin", "https://bank.example", "--origin", "http://localhost:1");
    expect(origins).toEqual(["https://bank.example", "http://localhost:1"]);
  });
});

describe("the file", () => {
  test.each([
    ['{"core": "127.0.0.1:8701",', "…/set-up.json: is no JSON"],
    ["null", /^…\/set-up\.json: the file is wrong: .*Object.*null/],
    ["[]", /^…\/set-up\.json: /],
    ["{}", /^…\/set-up\.json: core is wrong: /],
  ])("%s", (text, says) => {
    expect(refusal(() => readText(text))).toMatch(says);
  });

  test.each([
    "core.example",
    "",
    "https://",
    "file:///x",
    "data:text/html,x",
    "https://core.example/path",
    "https://core.example?x",
    "https://anna@core.example",
    // These would be more than one source in the page's policy, or every one.
    "http://*",
    "http://*.example",
    "http://core.example;script-src",
    "http://core.example,x",
    "http://core.example https://evil.example",
    7,
    null,
  ])("coreWeb %j is nowhere that a page can ask", (coreWeb) => {
    expect(refusal(() => read({ coreWeb }))).toContain("…/set-up.json: coreWeb is wrong: ");
  });

  test.each(["http://127.0.0.1:8702", "http://[::1]:8702", "https://core.example"])("coreWeb %s", (coreWeb) => {
    expect([read({ coreWeb }).coreWeb, read({ coreWeb: `${coreWeb}/` }).coreWeb]).toEqual([coreWeb, coreWeb]);
  });

  test.each([
    [{ core: "core.example" }, "core is wrong: host:port of the core"],
    [{ coreCa: "" }, "coreCa is wrong: "],
    [{ coreCA: "ca.pem" }, "coreCA is wrong: "],
    [{ serverId: "AB".repeat(16) }, "serverId is wrong: 32 hexadecimal digits"],
    [{ coreKeys: "a1" }, "coreKeys is wrong: "],
    [{ coreKeys: [] }, "coreKeys is wrong: the core's keys"],
    [{ coreKeys: ["a1", "a"] }, "coreKeys.1 is wrong: a hexadecimal COSE key"],
    [{ tokenFile: undefined }, "tokenFile is wrong: "],
    [{ tokenFile: "none.token" }, "tokenFile: ENOENT"],
    [{ users: ["anna.password"] }, "users"],
    [{ users: { anna: { file: "anna.password" } } }, "users.anna is wrong: "],
    [{ users: { anna: "" } }, "users.anna is wrong: "],
    [{ users: { anna: "none.password" } }, "users.anna: ENOENT"],
    [{ users: { anna: "empty.password" } }, "users.anna: …/empty.password is empty"],
    [
      { users: { anna: "open.password" } },
      "users.anna: other users may read …/open.password; run: chmod 600 …/open.password",
    ],
  ])("%j", (more, says) => {
    expect(refusal(() => read(more))).toContain(`…/set-up.json: ${says}`);
  });

  test("no refusal quotes a secret that stands where it should not", () => {
    expect(refusal(() => readText("cs_app_submit"))).not.toContain("cs_app");
  });
});
