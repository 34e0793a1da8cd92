import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { Status, Subcommand } from "@countersign/key-protocol";
import { tempFolder, testWith } from "@countersign/testing";
import { Bench, enrolRequest, PIN, presentRequest, readyBench } from "../testing/bench.ts";
import { CuttingDisk, type Remains } from "../testing/cutting-disk.ts";
import { encodeKeyState, type KeyState } from "./key-state.ts";
import { MemoryKeyStore } from "./key-store.ts";
import { PinGuard } from "./pin-guard.ts";
import { SealedStore } from "./sealed-store.ts";
import { Vault } from "./vault.ts";

const WRONG = "999999";
const NEW_PIN = "112233";
const folder = tempFolder();

/** One thing that the person does, and what a state that a cut in it leaves behind may look like. */
interface Step {
  readonly name: string;
  readonly act: (bench: Bench, keyId: Uint8Array) => void;
  /** Most tries that may be left. */
  readonly mostTries: number;
  /** Fewest: a cut costs one try at most. */
  readonly fewestTries: number;
  /** PINs of which one must be right; "none" where the key may be without. */
  readonly pins: readonly string[];
}

const STEPS: readonly Step[] = [
  { name: "wrong", act: (bench, keyId) => toPin(bench, keyId).type(WRONG), mostTries: 8, fewestTries: 7, pins: [PIN] },
  { name: "wrong again", act: (bench) => bench.type(WRONG), mostTries: 7, fewestTries: 6, pins: [PIN] },
  { name: "right", act: (bench) => bench.type(PIN), mostTries: 8, fewestTries: 5, pins: [PIN] },
  { name: "wrong, then right", act: wrongThenRight, mostTries: 8, fewestTries: 6, pins: [PIN] },
  { name: "change", act: changePin, mostTries: 8, fewestTries: 7, pins: [PIN, NEW_PIN] },
  {
    name: "wrong after the change",
    act: (bench, keyId) => toPin(bench, keyId).type(WRONG),
    mostTries: 8,
    fewestTries: 7,
    pins: [NEW_PIN],
  },
  { name: "reset", act: reset, mostTries: 8, fewestTries: 7, pins: [NEW_PIN, "none"] },
];

function toPin(bench: Bench, keyId: Uint8Array): Bench {
  bench.request(bench.open(), presentRequest(keyId));
  bench.press("next", "next", "next", "next");
  return bench;
}

function wrongThenRight(bench: Bench, keyId: Uint8Array): void {
  bench.press("reject", "1", "ok");
  toPin(bench, keyId).type(WRONG);
  bench.type(PIN);
  bench.press("reject", "1", "ok");
}

function changePin(bench: Bench): void {
  bench.request(bench.open(), { subcommand: Subcommand.CHANGE_PIN });
  bench.type(PIN);
  bench.type(NEW_PIN);
  bench.type(NEW_PIN);
}

function reset(bench: Bench): void {
  bench.replug();
  bench.request(bench.open(), { subcommand: Subcommand.RESET });
  bench.input({ type: "hold" });
}

function stateOf(remains: Remains): KeyState | undefined {
  return new SealedStore(folder, new CuttingDisk(remains)).load();
}

/** The PIN that opens a key with this state, on a key that has just got its power. */
function pinOf(state: KeyState, candidates: readonly string[]): string {
  if (state.pin === undefined) return "none";
  const guard = (): PinGuard => {
    const store = new MemoryKeyStore();
    store.save(state);
    return new PinGuard(new Vault(store), (length) => new Uint8Array(length));
  };
  return candidates.find((pin) => guard().check(pin)) ?? "lost";
}

test("claim 10: power cut at every byte: wrong, wrong, right, change, reset: no try is granted, no PIN is lost, nothing opens without", () => {
  const disk = new CuttingDisk();
  const { bench, keyId } = readyBench({}, new SealedStore(folder, disk));
  let tried = 0;
  for (const step of STEPS) {
    disk.cuts.length = 0;
    const before = bench.store.load();
    step.act(bench, keyId);
    const seen = new Map<string, KeyState>();
    for (const { at, remains } of disk.cuts) {
      const state = stateOf(remains);
      // Nothing but whole states: no half one, no empty one, no fresh key in the place of a lost one.
      if (state === undefined) throw new Error(`${step.name}: nothing is left after a cut at ${at}`);
      seen.set(Buffer.from(encodeKeyState(state)).toString("base64"), state);
    }
    for (const state of seen.values()) {
      expect(state.attestation).toEqual(before?.attestation);
      expect(state.retries).toBeLessThanOrEqual(step.mostTries);
      expect(state.retries).toBeGreaterThanOrEqual(step.fewestTries);
      expect(step.pins).toContain(pinOf(state, [PIN, NEW_PIN]));
      // Without a PIN there is no key to open either: both go in one write.
      expect(state.pin === undefined && state.credentials.length > 0).toBe(false);
    }
    tried += disk.cuts.length;
  }
  expect(tried).toBeGreaterThan(15_000);
});

test("claim 10: a fresh key whose power is cut at any byte of its first state is fresh again, or has that state", () => {
  const disk = new CuttingDisk();
  const first = new Bench({}, new SealedStore(folder, disk)).store.load();
  const whole = Buffer.from(first?.attestation.privateKey ?? []);
  const others = disk.cuts.filter(({ remains }) => {
    const again = new SealedStore(folder, new CuttingDisk(remains)).load();
    return again !== undefined && Buffer.compare(whole, again.attestation.privateKey) !== 0;
  });
  expect(others).toEqual([]);
  expect(disk.cuts.length).toBeGreaterThan(100);
});

test("claim 10: after a cut the last write's leftovers are in nobody's way", () => {
  const disk = new CuttingDisk();
  const { keyId } = readyBench({}, new SealedStore(folder, disk));
  const torn = disk.cuts.findLast(({ at }) => at.startsWith("byte 40 of state.sealed.new"));
  const bench = new Bench({}, new SealedStore(folder, new CuttingDisk(torn?.remains)));
  bench.request(bench.open(), enrolRequest());
  bench.press("ok");
  bench.type(PIN);
  bench.press("ok");
  expect(bench.answer().status).toBe(Status.OK);
  expect(bench.store.load()?.credentials.some((each) => Buffer.compare(each.keyId, keyId) === 0)).toBe(false);
});

test("claim 10: no oracle: until the lower counter is durable, a right PIN and a wrong one cannot be told apart", () => {
  const [right, wrong] = [PIN, WRONG].map((pin) => {
    const store = new MemoryKeyStore();
    const { bench, keyId } = readyBench({}, store);
    toPin(bench, keyId);
    const saved: number[] = [];
    store.save = (state) => {
      saved.push(state.retries);
      throw new Error("no power");
    };
    const reports = bench.reports.length;
    bench.type(pin);
    return {
      saved,
      screen: bench.key.screen(),
      reports: bench.reports.slice(reports).map(({ bytes }) => Buffer.from(bytes).toString("hex")),
    };
  });
  expect(right?.saved).toEqual([7]);
  expect(right).toEqual(wrong);
});

test("claim 10: the order of a check: one try less on the store, then the compare, then the rest", () => {
  const store = new MemoryKeyStore();
  const { bench, keyId } = readyBench({}, store);
  toPin(bench, keyId);
  const order: string[] = [];
  const save = store.save.bind(store);
  store.save = (state) => {
    order.push(`saved ${state.retries}, key shows ${bench.page()} ${bench.rows()[3]?.trim()}`);
    save(state);
  };
  bench.type(WRONG);
  bench.type(PIN);
  order.push(`key shows ${bench.page()}`);
  expect(order).toEqual([
    "saved 7, key shows pin 8 tries left",
    "saved 6, key shows pin 7 tries left",
    "saved 8, key shows pin 7 tries left",
    "key shows code",
  ]);
});

const peerTest = testWith("strace", spawnSync("strace", ["-V"]).status === 0);

peerTest(
  "claim 10: the machine's own files: written, flushed, renamed, folder flushed, in this order and nothing between",
  () => {
    const place = join(folder, "traced");
    new SealedStore(place).save(fixedState());
    const program = `import { SealedStore } from ${JSON.stringify(new URL("sealed-store.ts", import.meta.url).href)};
    const store = new SealedStore(${JSON.stringify(place)});
    store.save(store.load());`;
    const calls = [
      "-f",
      "-y",
      "-e",
      "trace=write,pwrite64,fsync,rename",
      "-P",
      place,
      "-P",
      join(place, "state.sealed.new"),
      "-P",
      join(place, "state.sealed"),
    ];
    const node = [process.execPath, "--conditions=source", "--input-type=module-typescript", "-e", program];
    const { stderr, status } = spawnSync("strace", [...calls, ...node], { encoding: "utf8", timeout: 100_000 });
    expect(status).toBe(0);
    const order = [...stderr.matchAll(/(\w+)\([^)]*?(state\.sealed\.new|traced)["'>]/g)].map(
      ([, call, file]) => `${call} ${file}`,
    );
    expect(order).toEqual([
      "write state.sealed.new",
      "fsync state.sealed.new",
      "rename state.sealed.new",
      "fsync traced",
    ]);
  },
);

function fixedState(): KeyState {
  const bytes = new Uint8Array(32).fill(1);
  return { attestation: { privateKey: bytes, keyId: bytes }, retries: 8, credentials: [] };
}
