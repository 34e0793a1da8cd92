import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { tempFolder } from "@countersign/testing";
import { Bench, PIN, readyBench } from "../testing/bench.ts";
import type { KeyState } from "./key-state.ts";
import { SealedStore } from "./sealed-store.ts";

const folder = tempFolder();

function bytes(fill: number): Uint8Array {
  return new Uint8Array(32).fill(fill);
}

function stateOf(counter: number): KeyState {
  return {
    attestation: { privateKey: bytes(1), keyId: bytes(2) },
    pin: { salt: bytes(3), hash: bytes(4) },
    retries: 5,
    credentials: [
      {
        keyId: bytes(5),
        serverId: bytes(6),
        serverName: "Müller Bank",
        privateKey: bytes(7),
        publicKey: bytes(8),
        counter,
      },
    ],
  };
}

test("what was saved is loaded, by another opener too; a fresh folder holds nothing", () => {
  const store = new SealedStore(join(folder, "fresh"));
  expect(store.load()).toBeUndefined();
  store.save(stateOf(7));
  store.save(stateOf(8));
  expect(new SealedStore(join(folder, "fresh")).load()).toEqual(stateOf(8));
});

test("folder 0700, files 0600, and no leftovers", () => {
  const place = join(folder, "modes");
  new SealedStore(place).save(stateOf(1));
  expect(statSync(place).mode & 0o777).toBe(0o700);
  expect(readdirSync(place).toSorted()).toEqual(["device.secret", "state.sealed"]);
  for (const name of readdirSync(place)) expect(statSync(join(place, name)).mode & 0o777).toBe(0o600);
});

test("every changed byte of the sealed state is found", () => {
  const place = join(folder, "changed");
  const store = new SealedStore(place);
  store.save(stateOf(1));
  const path = join(place, "state.sealed");
  const sealed = readFileSync(path);
  for (let at = 0; at < sealed.length; at++) {
    const changed = Buffer.from(sealed);
    changed[at] = (changed[at] ?? 0) ^ 1;
    writeFileSync(path, changed);
    expect(() => store.load()).toThrow("was changed");
  }
});

test("another device's secret does not open it, and a short one is refused", () => {
  const place = join(folder, "foreign");
  new SealedStore(place).save(stateOf(1));
  writeFileSync(join(place, "device.secret"), new Uint8Array(32));
  expect(() => new SealedStore(place).load()).toThrow("device.secret");
  writeFileSync(join(place, "device.secret"), new Uint8Array(31));
  expect(() => new SealedStore(place)).toThrow("must hold 32 bytes");
});

test("a key lives on in its folder: PIN, credential and counter", () => {
  const place = join(folder, "key");
  const { bench, keyId } = readyBench({}, new SealedStore(place));
  const again = new Bench({}, new SealedStore(place));
  expect(again.store.load()).toEqual(bench.store.load());
  expect(again.store.load()?.credentials[0]?.keyId).toEqual(keyId);
});

test("check 16: neither PIN nor private key is in the sealed file", () => {
  const place = join(folder, "secrets");
  const { bench } = readyBench({}, new SealedStore(place));
  const sealed = readFileSync(join(place, "state.sealed"));
  const privateKey = bench.store.load()?.credentials[0]?.privateKey ?? new Uint8Array(0);
  expect(sealed.includes(PIN)).toBe(false);
  expect(sealed.includes(Buffer.from(privateKey.slice(-32)))).toBe(false);
});
