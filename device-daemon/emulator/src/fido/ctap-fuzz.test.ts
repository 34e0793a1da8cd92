import { expect, test } from "@jest/globals";
import { CtapStatus, encodeCtapRequest, encodeMessage, HidCommand, MAX_MESSAGE } from "@countersign/key-protocol";
import { SeededRandom } from "@countersign/key-protocol/testing";
import { powerOn } from "../key.ts";
import { MemoryKeyStore } from "../storage/key-store.ts";
import { FULL } from "../testing/bench.ts";
import { hostileCtap } from "../testing/hostile-host.ts";
import { LeanHost } from "../testing/lean-host.ts";
import { keptCreation } from "../testing/fido-bench.ts";
import { claimsPresence, isSignature } from "../testing/presence-claim.ts";
import { decodeFidoState } from "./fido-state.ts";

const REQUESTS = 30_000;

test("threat 5: thirty thousand hostile CTAP2 requests neither crash the key nor get a signature without a person", () => {
  const store = new MemoryKeyStore();
  const host = new LeanHost("fido");
  let now = 0;
  const key = powerOn({
    profile: { ...FULL, finger: true },
    store,
    clock: { now: () => now },
    random: (length) => crypto.getRandomValues(new Uint8Array(length)),
    sendReport: { fido: (report) => host.hear(report), vendor: () => {} },
  });
  const channel = host.open(key);
  // A credential that the noise can ask for, made with a person there.
  host.send(key, encodeMessage(channel, HidCommand.CBOR, keptCreation(1, "example.com")));
  key.input({ type: "key", key: "ok" });
  expect(host.take().filter(claimsPresence)).toHaveLength(1);
  const counter = (): number => decodeFidoState(store.load()?.fido ?? new Uint8Array(0)).counter;
  const before = counter();
  const random = new SeededRandom(11);
  const statuses = new Map<number, number>();
  let [presence, looks] = [0, 0];
  for (let at = 0; at < REQUESTS; at++) {
    host.send(key, encodeMessage(channel, HidCommand.CBOR, hostileCtap(random).slice(0, MAX_MESSAGE)));
    // What waits for a person waits in vain.
    now += 31_000;
    key.tick();
    for (const heard of host.take()) {
      const status = heard.payload[0] ?? -1;
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      if (claimsPresence(heard)) presence++;
      else if (isSignature(heard)) looks++;
    }
  }
  expect(presence).toBe(0);
  // Signed was only what the host asked for without presence, and that is what it says.
  expect(looks).toBeGreaterThan(10);
  expect(counter() - before).toBe(looks);
  // Every request was answered, and the noise came far enough to wait for a person, and to be refused in many ways.
  expect([...statuses.values()].reduce((all, count) => all + count, 0)).toBe(REQUESTS);
  for (const status of [CtapStatus.USER_ACTION_TIMEOUT, CtapStatus.INVALID_CBOR, CtapStatus.CBOR_UNEXPECTED_TYPE]) {
    expect(statuses.get(status)).toBeGreaterThan(500);
  }
  expect(statuses.size).toBeGreaterThan(15);
  host.send(key, encodeMessage(channel, HidCommand.CBOR, encodeCtapRequest(4)));
  expect(host.take().at(-1)?.payload[0]).toBe(CtapStatus.OK);
});
