import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { toHex } from "@countersign/protocol";
import { TestKey } from "@countersign/sdk/testing";
import { tempFolder } from "@countersign/testing";
import { configPath, writeConfigFile } from "./config-file.ts";
import { readSettings } from "./settings.ts";

const folder = tempFolder();
const KEY = toHex(new TestKey().coseKey);
let files = 0;
function file(members: unknown): string {
  const path = join(folder, `config-${(files += 1)}.json`);
  writeFileSync(path, typeof members === "string" ? members : JSON.stringify(members), { mode: 0o600 });
  return path;
}

test("flags come before the environment, that before the file, that before the default", () => {
  const config = file({ core: "file:1", user: "file", daemon: "/file.sock", tokenFile: "/file.token" });
  const env = { COUNTERSIGN_CORE: "env:1", COUNTERSIGN_USER: "env", XDG_RUNTIME_DIR: "/run/user/1" };
  const settings = readSettings({ config, core: "flag:1" }, env);
  expect([settings.get("core"), settings.originOf("core")]).toEqual(["flag:1", "flag"]);
  expect([settings.get("user"), settings.originOf("user")]).toEqual(["env", "environment"]);
  expect([settings.get("daemon"), settings.originOf("daemon")]).toEqual(["/file.sock", "file"]);
  const bare = readSettings({ config: file({}) }, env);
  expect([bare.get("daemon"), bare.originOf("daemon")]).toEqual(["/run/user/1/countersign/daemon.sock", "default"]);
});

test("several core keys, from a list or divided by commas", () => {
  const both = [KEY, toHex(new TestKey().coseKey)];
  expect(readSettings({ config: file({ coreKeys: both }) }, {}).get("coreKeys")).toEqual(both);
  expect(readSettings({ coreKeys: both.join(", ") }, { HOME: folder }).get("coreKeys")).toEqual(both);
});

test("a patience is a number or its text", () => {
  expect(readSettings({ config: file({ patience: 30 }) }, {}).get("patience")).toBe("30");
  expect(readSettings({ config: file({ patience: "0" }) }, {}).get("patience")).toBe("0");
});

test.each([
  ["a patience without end", { patience: "601" }, {}, "--patience: expected seconds to wait"],
  ["a patience below none", { patience: "-1" }, {}, "--patience: expected seconds to wait"],
  ["a flag", { core: "nonsense" }, {}, "--core"],
  ["a variable", {}, { COUNTERSIGN_SERVER_ID: "12" }, "COUNTERSIGN_SERVER_ID: expected id of the core installation"],
  ["a core key", {}, { COUNTERSIGN_CORE_KEYS: "abcd" }, "COUNTERSIGN_CORE_KEYS: expected receipt keys"],
  ["a user", {}, { COUNTERSIGN_USER: "a b" }, "COUNTERSIGN_USER"],
])("%s that is wrong is named with its meaning", (_name, flags, env, words) => {
  expect(() => readSettings(flags, { HOME: folder, ...env })).toThrow(words);
});

test.each<[string, unknown, string]>([
  ["a member", { core: 7 }, "core: expected address"],
  ["an unknown member", { cores: "x" }, '"cores" is no setting'],
  ["no JSON", "{", "no JSON object"],
  ["a list", "[]", "no JSON object"],
])("a file with %s wrong is refused", (_name, members, words) => {
  expect(() => readSettings({ config: file(members) }, {})).toThrow(words);
});

test("a file that others may write, or that is named and absent, is refused", () => {
  const open = file({});
  chmodSync(open, 0o666);
  expect(() => readSettings({ config: open }, {})).toThrow("chmod 600");
  expect(() => readSettings({ config: join(folder, "absent.json") }, {})).toThrow("no such file");
});

test("what is needed and absent is named by flag, variable and meaning", () => {
  const settings = readSettings({ config: file({}) }, {});
  expect(() => settings.need("serverId")).toThrow("--server-id or COUNTERSIGN_SERVER_ID is needed: id of the core");
});

test("the file's place is a flag, a variable, or XDG's", () => {
  expect(configPath("/a", { COUNTERSIGN_CONFIG: "/b" })).toBe("/a");
  expect(configPath(undefined, { COUNTERSIGN_CONFIG: "/b", XDG_CONFIG_HOME: "/c" })).toBe("/b");
  expect(configPath(undefined, { XDG_CONFIG_HOME: "/c" })).toBe("/c/countersign/config.json");
  expect(configPath(undefined, { HOME: "/home/ada" })).toBe("/home/ada/.config/countersign/config.json");
});

test("the file is written whole, 0600 in a folder 0700", () => {
  const path = join(folder, "new", "config.json");
  mkdirSync(folder, { recursive: true });
  writeConfigFile(path, { user: "ada" });
  expect(JSON.parse(readFileSync(path, "utf8"))).toEqual({ user: "ada" });
  expect([statSync(path).mode & 0o777, statSync(join(folder, "new")).mode & 0o777]).toEqual([0o600, 0o700]);
});
