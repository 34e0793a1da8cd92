import { describe, expect, test } from "@jest/globals";
import { ConfigError, parseConfig } from "./config.ts";

const home = { XDG_RUNTIME_DIR: "/run/user/1000" };

describe("where the daemon listens and looks", () => {
  test("D7: by default in a folder of the user's own runtime folder", () => {
    expect(parseConfig(["--hid"], home).socket).toBe("/run/user/1000/countersign/daemon.sock");
  });

  test.each([{}, { XDG_RUNTIME_DIR: "" }])(
    "D7: with no such folder (%j) a place must be named; none is guessed",
    (env) => {
      expect(() => parseConfig(["--hid"], env)).toThrow(ConfigError);
      expect(parseConfig(["--hid", "--socket", "/x/y.sock"], env).socket).toBe("/x/y.sock");
    },
  );

  test("D1: no page and no TCP port unless they are asked for", () => {
    expect(parseConfig(["--hid"], home).web).toBeUndefined();
  });

  test("keys of both kinds behind sockets, and the bus", () => {
    const config = parseConfig(["--key-socket", "/a", "--key-socket", "/b", "--fido-socket", "/c", "--hid"], home);
    expect(config).toMatchObject({ keySockets: ["/a", "/b"], fidoSockets: ["/c"], hid: true });
    expect(parseConfig(["--fido-socket", "/c"], home)).toMatchObject({ keySockets: [], hid: false });
  });

  test("patience with emulated keys is a whole factor", () => {
    expect(parseConfig(["--hid"], home).keyPatience).toBe(1);
    expect(parseConfig(["--hid", "--key-patience", "60"], home).keyPatience).toBe(60);
    for (const bad of ["0", "61", "-1", "1.5", "", "x"]) {
      expect(() => parseConfig(["--hid", `--key-patience=${bad}`], home)).toThrow("a whole number from 1 to 60");
    }
  });

  test("nowhere to look is refused, with what to give", () => {
    expect(() => parseConfig([], home)).toThrow("--hid");
  });
});
