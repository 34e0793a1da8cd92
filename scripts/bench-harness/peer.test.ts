import { expect, test } from "@jest/globals";
import { readOptions } from "./options.ts";
import { isNewEnough, PeerError, versionIn } from "./peer-install.ts";
import { describePeer, type PeerOptions, type PeerSample, summarisePeer } from "./peer.ts";
import { configOf, usersFile } from "./privacyidea.ts";

const sample = (ask: number, answer: number): PeerSample => ({
  ask: { micros: ask, p50: ask / 1000 },
  answer: { micros: answer, p50: answer / 1000 },
});
const samples = {
  core: [sample(1000, 3000), sample(2000, 2000), sample(1000, 1000)],
  privacyidea: [sample(10_000, 30_000), sample(20_000, 40_000), sample(30_000, 10_000)],
};

test("the peer's CPU is held against the core's of the same repeat", () => {
  const { times, figures } = summarisePeer({ samples });
  expect(times).toEqual({
    ask: { median: 10, least: 10, most: 30 },
    answer: { median: 10, least: 10, most: 20 },
    both: { median: 15, least: 10, most: 20 },
  });
  expect(figures.privacyidea.answer.micros.median).toBe(30_000);
  expect(figures.core.ask.p50.most).toBe(2);
});

test("the page says that the peer's work is the easier one", () => {
  const text = describePeer(summarisePeer({ samples }), "3.14", FACTS, OPTIONS);
  expect(text).toContain("beside privacyIDEA 3.14");
  expect(text).toContain("both 15.00 (10.00 to 20.00)");
  expect(text).toContain("verifies no signature: its work is the easier one");
});

test.each([
  ["Python 3.11.2\n", true],
  ["Python 3.10.0", true],
  ["Python 3.9.18", false],
  ["Python 2.7.18", false],
  ["", false],
])("%j is new enough: %s", (printed, isEnough) => {
  expect(isNewEnough(printed)).toBe(isEnough);
});

test("the version is what pip says, and without one it is said what to do", () => {
  expect(versionIn("Name: privacyIDEA\nVersion: 3.14\nSummary: x\n")).toBe("3.14");
  expect(() => versionIn("")).toThrow(PeerError);
});

test("users are lines as in /etc/passwd, each with a name of its own", () => {
  expect(usersFile(2)).toBe(
    "bench-0:x:1000:1000:Ann 0,,,:/nonexistent:/bin/false\nbench-1:x:1001:1001:Ann 1,,,:/nonexistent:/bin/false\n",
  );
});

test("the configuration keeps everything in its folder and draws its secrets anew", () => {
  const config = configOf("/tmp/a b");
  expect(config).toContain('SQLALCHEMY_DATABASE_URI = "sqlite:////tmp/a b/privacyidea.db"');
  expect(config).toContain('PI_ENCFILE = "/tmp/a b/enckey"');
  expect(configOf("/tmp/a b")).not.toBe(config);
});

test("the peer has defaults of its own, which the command line overrules", () => {
  expect(readOptions(["peer"])).toMatchObject({ transactions: 128, warmUp: 128, inFlight: 2, repeats: 5 });
  expect(readOptions(["peer", "--in-flight", "8"])).toMatchObject({ inFlight: 8 });
});

const OPTIONS: PeerOptions = { transactions: 1, repeats: 3, warmUp: 1, inFlight: 2, connections: 1 };
const FACTS = {
  ...{ cpu: "none", cores: 1, memoryGb: 1, kernel: "0", load: 0, node: "v0" },
  ...{ sqlite: "0", openssl: "0", grpcJs: "0", command: "" },
};
