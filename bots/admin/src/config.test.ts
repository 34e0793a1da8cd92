import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { tempFolder } from "@countersign/testing";
import { expect, test } from "@jest/globals";
import { checkConfig, readConfig, readOwnSecret } from "./config.ts";

const folder = tempFolder();
const telegram = {
  core: { address: "core.example:8701" },
  tokenFile: "/t",
  platform: "telegram",
  telegram: { tokenFile: "/tg" },
  administrators: [{ id: "4242", name: "anna" }],
  state: "/s",
};
const matrix = {
  ...{ homeserver: "https://m.example", user: "@bot:m.example", passwordFile: "/p", store: "/m" },
  ...{ storeKeyFile: "/k", recoveryKeyFile: "/r" },
};

test("what is left out has its default", () => {
  expect(checkConfig(telegram, "f")).toMatchObject({
    core: { plaintext: false },
    telegram: { apiRoot: "https://api.telegram.org/" },
    administrators: [{ id: "4242", name: "anna", locale: "en", alerts: true, identity: "" }],
    sealedHeads: false,
  });
});

test.each<[string, object, RegExp]>([
  [
    "a name in place of an id",
    { administrators: [{ id: "@anna", name: "anna" }] },
    /administrators\.0\.id: must be a numeric/,
  ],
  ["a group", { administrators: [{ id: "-100", name: "anna" }] }, /administrators\.0\.id/],
  ["nobody", { administrators: [] }, /administrators/],
  [
    "one id twice",
    {
      administrators: [
        { id: "1", name: "a" },
        { id: "1", name: "b" },
      ],
    },
    /id 1 stands there twice/,
  ],
  [
    "one name twice",
    {
      administrators: [
        { id: "1", name: "a" },
        { id: "2", name: "a" },
      ],
    },
    /name a stands there twice/,
  ],
  [
    "a language it does not speak",
    { administrators: [{ id: "1", name: "a", locale: "fr" }] },
    /administrators\.0\.locale/,
  ],
  ["a member it does not know", { tokenfile: "/x" }, /tokenfile/],
  ["a platform without chats", { platform: "mail" }, /platform/],
  ["the other platform's members", { platform: "matrix", telegram: undefined }, /matrix/],
  ["a zone that is none", { zone: "Mars/Olympus" }, /zone: Mars/],
  ["a core without port", { core: { address: "core" } }, /core\.address/],
])("%s is refused by name", (_name, wrong, says) => {
  expect(() => checkConfig({ ...telegram, ...wrong }, "f")).toThrow(says);
});

test("Matrix: by its user id, with an identity where one is pinned", () => {
  const { telegram: _other, ...common } = telegram;
  const administrators = [{ id: "@anna:m.example", name: "anna", identity: "key" }];
  const config = checkConfig({ ...common, platform: "matrix", matrix, administrators }, "f");
  expect(config).toMatchObject({ matrix: { devices: "signed" }, administrators: [{ identity: "key" }] });
  expect(() => checkConfig({ ...common, platform: "matrix", matrix }, "f")).toThrow(/Matrix user id/);
});

test("a file is read, and one that is none is named", () => {
  const path = join(folder, "c.json");
  writeFileSync(path, JSON.stringify(telegram));
  expect(readConfig(path).tokenFile).toBe("/t");
  writeFileSync(path, "{");
  expect(() => readConfig(path)).toThrow(/c\.json: is not JSON/);
});

test("a secret that others may read is refused", () => {
  const path = join(folder, "token");
  writeFileSync(path, "cs_admin_x\n");
  chmodSync(path, 0o644);
  expect(() => readOwnSecret("token", path)).toThrow(/chmod 600/);
  const own = join(folder, "own");
  writeFileSync(own, "cs_admin_x\n", { mode: 0o600 });
  expect(readOwnSecret("token", own).reveal()).toBe("cs_admin_x");
});
