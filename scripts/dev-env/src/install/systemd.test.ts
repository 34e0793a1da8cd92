// The units of packaging/systemd: what systemd-analyze says of them, and a payment under the core's restrictions.
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import { tempFolder, testWith } from "@countersign/testing";
import { launchBy, launchOf, ROOT } from "@countersign/testing/child";
import { readLedger } from "../installation.ts";
import { expectExit, Scene } from "../scenarios/scene.ts";
import { allowedCalls, exposureOf, hasSystemd, mayRestrict, restricted, settingsOf, UNITS, verifyUnits } from "./systemd.ts";

const folder = tempFolder();
const CORE = "countersign-core.service";
const systemdTest = testWith("systemd", hasSystemd);

systemdTest("systemd-analyze verify says nothing", () => {
  expect(verifyUnits(join(folder, "units"))).toBe("");
});

systemdTest.each([
  [CORE, 2],
  ["countersign-bot@.service", 2],
])("the exposure of %s is at most %d of 10", (unit, most) => {
  const figure = exposureOf(unit);
  console.log(`${unit}: exposure ${figure}`);
  expect(figure).toBeLessThanOrEqual(most);
});

test("no secret is an argument or a variable: bots read theirs from credentials, the core's TLS key is one", () => {
  const bot = "countersign-bot@.service";
  expect(settingsOf(bot, "LoadCredential")).toEqual([
    "bot.token:/etc/countersign/bots/%i/bot.token",
    "provider.secret:/etc/countersign/bots/%i/provider.secret",
  ]);
  expect(settingsOf(bot, "ExecStart").join("")).toContain("--token-file ${CREDENTIALS_DIRECTORY}/bot.token");
  expect(readFileSync(join(UNITS, "tls.conf"), "utf8")).toContain("LoadCredential=tls.key:");
});

test("the core may write its state and its secrets, nothing else", () => {
  expect(settingsOf(CORE, "ProtectSystem")).toEqual(["strict"]);
  expect(settingsOf(CORE, "StateDirectory")).toEqual(["countersign"]);
  expect(settingsOf(CORE, "ReadWritePaths")).toEqual(["/etc/countersign/secrets"]);
});

test("udev: one rule, for our key alone, by whoever sits at the PC", () => {
  const lines = readFileSync(join(ROOT, "packaging/udev/70-countersign.rules"), "utf8").split("\n");
  const rules = lines.filter((line) => line !== "" && !line.startsWith("#"));
  expect(rules).toHaveLength(1);
  const parts = (rules[0] ?? "").split(", ").map((part) => /^([A-Z]+)(?:\{(\w+)\})?(==|\+=)"([^"]*)"$/.exec(part)?.slice(1));
  expect(parts).toEqual([
    ["SUBSYSTEM", undefined, "==", "hidraw"],
    ["ATTRS", "idVendor", "==", "1209"],
    ["ATTRS", "idProduct", "==", "0001"],
    ["TAG", undefined, "+=", "uaccess"],
  ]);
});

describe("a core as its unit runs it", () => {
  let scene: Scene | undefined;
  afterAll(async () => {
    await scene?.close();
    launchBy(fromSource);
  });
  const fromSource = launchOf;

  testWith("strace", hasSystemd && mayRestrict)(
    "a payment is made with the file system read-only, no capability, and the filter of system calls",
    async () => {
      expect(allowedCalls(CORE).has("mount")).toBe(false);
      expect(allowedCalls(CORE).has("openat")).toBe(true);
      const home = join(folder, "home");
      mkdirSync(join(home, "tokens"), { recursive: true });
      const log = join(folder, "refused.log");
      const plain = launchOf;
      launchBy((entry, args) => {
        const way = sourceLaunch(entry, args);
        if (!args.includes("serve")) return way;
        return restricted(way, CORE, [join(home, "data"), join(home, "secrets")], log);
      });
      void plain;
      scene = await Scene.open({ folder: home, mode: "B", channels: ["sandbox"] });
      const client = scene.meet(scene.desk).pay();
      await scene.meet(scene.desk).hands.confirm();
      await expectExit(client, 0);
      expect(readLedger(scene.installation).filter(({ type }) => type === "transaction")).toHaveLength(1);
      const mounts = readFileSync(`/proc/${scene.installation.core().process.pid}/mounts`, "utf8");
      expect(mounts).toMatch(/ \/ \S+ ro[,\s]/);
      expect(await scene.installation.core().stop()).toBe(0);
      expect(existsSync(log)).toBe(true);
      console.log(`refused: ${[...new Set(readFileSync(log, "utf8").match(/\b\w+(?=\()/g))].join(" ") || "nothing"}`);
    },
    400_000,
  );
});

const sourceLaunch = launchOf;
void resolve;
