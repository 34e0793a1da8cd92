import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { status } from "@grpc/grpc-js";
import {
  Key,
  KeyServiceBeginEnrolmentResponse,
  KeyServiceFinishEnrolmentResponse,
  KeyServiceListResponse,
  KeyState,
  KeyType,
  Recovery,
  RecoveryState,
  type KeyServiceBeginEnrolmentRequest,
  type KeyServiceFinishEnrolmentRequest,
} from "@countersign/proto/node/core/v1/key_service";
import { CODE } from "@countersign/sdk/testing";
import { CliWorld } from "../testing/cli.ts";

const [OLD, NEW] = ["cd".repeat(16), "ce".repeat(16)];
const PAY = ["confirm", "pay", "--field", "amount=EUR 12.50", "--field", "to=Ada Ltd"];
PAY.push("--field", "account=DE89370400440532013000");

let world: CliWorld;
beforeEach(async () => {
  world = await CliWorld.open();
});
afterEach(() => world.close());

function pay(...flags: string[]): ReturnType<CliWorld["run"]> {
  return world.run(...PAY, ...flags);
}

function knows(...keys: Partial<Key>[]): void {
  world.core.identity["key.list"] = () => KeyServiceListResponse.create({ keys: keys.map((key) => Key.create(key)) });
}

const old = { keyId: OLD, state: KeyState.ACTIVE, type: KeyType.COUNTERSIGN, serial: "EMU04A1", name: "Desk" };

describe("key list", () => {
  test("names, states, types and holds", async () => {
    const heldUntil = { seconds: 4_000_000_000n, nanos: 0 };
    knows(
      { ...old, heldUntil },
      { keyId: NEW, state: KeyState.ACTIVE, type: KeyType.FIDO2, model: "Example Key 5" },
      { keyId: "cf".repeat(16), state: KeyState.REVOKED, type: KeyType.PASSKEY, name: "Evil\u001B[31m", heldUntil },
    );
    const { code, out } = await world.run("key", "list");
    const [local, first, second, third] = out.trimEnd().split("\n");
    expect([code, local]).toEqual([0, expect.stringContaining("here  EMU04A1  emulator")]);
    expect(first).toBe(`core  ${OLD}  ACTIVE  "Desk"  EMU04A1    not for high value before 2096-10-02T07:06:40Z`);
    expect(second).toContain("FIDO2: no display, weaker");
    expect(third).toContain("may be copied, weakest");
    expect(third).not.toContain("high value");
    expect(out).not.toContain("\u001B");
  });

  test("as JSON, one object a key", async () => {
    knows(old);
    const records = (await world.run("--json", "key", "list")).json();
    expect(records).toMatchObject([
      { where: "local", type: "COUNTERSIGN", serial: "EMU04A1", pinSet: true },
      { where: "core", keyId: OLD, name: "Desk", state: "ACTIVE", type: "COUNTERSIGN", heldUntil: "" },
    ]);
  });
});

describe("rename and revoke", () => {
  test.each([["Desk"], [OLD], ["cdcd"], ["EMU04A1"]])("a key is found by %s", async (wanted) => {
    knows(old, { keyId: NEW, state: KeyState.ACTIVE, name: "Travel" });
    let asked: unknown;
    world.core.identity["key.revoke"] = (request: { keyId: string }) => {
      asked = request;
      return { key: Key.create({ ...old, state: KeyState.REVOKED }) };
    };
    const { code, out } = await world.run("key", "revoke", wanted);
    expect([code, asked]).toEqual([0, { keyId: OLD }]);
    expect(out).toContain("is revoked for good");
  });

  test("revoking by id needs no list: it may be the list that fails", async () => {
    world.core.identity["key.revoke"] = () => ({ key: Key.create({ ...old, state: KeyState.REVOKED }) });
    expect((await world.run("key", "revoke", OLD)).code).toBe(0);
  });

  test.each([["Travel"], ["c"], ["EMU"]])("%s names none, and what there is is told", async (wanted) => {
    knows(old);
    const { code, err } = await world.run("key", "revoke", wanted);
    expect([code, err]).toEqual([2, expect.stringContaining(`${OLD} (Desk)`)]);
  });

  test("a name that two keys have names none", async () => {
    knows(old, { ...old, keyId: NEW });
    expect((await world.run("key", "revoke", "Desk")).code).toBe(2);
  });

  test("rename tells the new name", async () => {
    world.core.identity["key.rename"] = ({ name }: { name: string }) => ({ key: Key.create({ ...old, name }) });
    expect((await world.run("key", "rename", OLD, "Reisen")).out).toContain('is called "Reisen" now');
    expect((await world.run("key", "rename", OLD, "")).out).toContain("has no name any more");
  });
});

test.each([["set-pin"], ["pin"], ["reset"]])("key %s follows the key to its end", async (command) => {
  const { code, out } = await world.run("key", command);
  expect([code, out]).toEqual([0, expect.stringMatching(/PIN set|wiped/)]);
});

function recovery(state: RecoveryState): { recovery: Recovery } {
  const readyAt = state === RecoveryState.REQUESTED ? undefined : { seconds: 1_900_000_000n, nanos: 0 };
  const expiresAt = { seconds: 1_900_600_000n, nanos: 0 };
  return {
    recovery: Recovery.create({ recoveryId: NEW, userId: "ada", state, reason: "lost", readyAt, expiresAt }),
  };
}

describe("key recover", () => {
  test("begin, approve and stop tell what comes next", async () => {
    world.core.identity["key.beginRecovery"] = () => recovery(RecoveryState.REQUESTED);
    world.core.identity["key.approveRecovery"] = () => recovery(RecoveryState.HELD);
    world.core.identity["key.stopRecovery"] = () => recovery(RecoveryState.STOPPED);
    world.core.identity["key.listRecoveries"] = () => ({ recoveries: [recovery(RecoveryState.READY).recovery] });
    const begun = await world.run("key", "recover", "begin", "--reason", "lost");
    expect(begun.out).toContain(`countersign key recover approve ${NEW}`);
    world.core.identity["key.beginRecovery"] = () => ({
      recovery: Recovery.create({ recoveryId: "\u001B]0;evil\u0007", state: RecoveryState.REQUESTED }),
    });
    expect((await world.run("key", "recover", "begin", "--reason", "lost")).out).not.toContain("\u001B");
    expect((await world.run("key", "recover", "approve", NEW)).out).toContain("From 2030-03-17T17:46:40Z");
    expect((await world.run("key", "recover", "list")).out).toContain(`countersign key enrol --recovery ${NEW}`);
    expect((await world.run("--json", "key", "recover", "stop")).json()).toMatchObject([
      { recoveryId: NEW, state: "STOPPED", reason: "lost", readyAt: "2030-03-17T17:46:40Z" },
    ]);
  });

  test("nothing to stop is said", async () => {
    world.core.identity["key.listRecoveries"] = () => ({ recoveries: [] });
    expect((await world.run("key", "recover", "stop")).code).toBe(2);
    expect((await world.run("key", "recover", "list")).out).toContain("no recovery is under way");
  });

  test("one person alone: what the core says", async () => {
    const refusal = { code: status.PERMISSION_DENIED, reason: "NOT_ALLOWED" };
    world.core.errors.set("key.approveRecovery", [refusal]);
    const { code, err } = await world.run("key", "recover", "approve", NEW);
    expect([code, err]).toEqual([69, expect.stringContaining("NOT_ALLOWED")]);
  });
});

describe("a FIDO2 key", () => {
  let begun: KeyServiceBeginEnrolmentRequest | undefined;
  let finished: KeyServiceFinishEnrolmentRequest | undefined;

  beforeEach(async () => {
    world.close();
    world = await CliWorld.open([{ type: "assert" }], true);
    world.core.identity["key.beginEnrolment"] = (request: KeyServiceBeginEnrolmentRequest) => {
      begun = request;
      return KeyServiceBeginEnrolmentResponse.create({
        ...{ enrolmentToken: "cs_enrol_x", challenge: Buffer.alloc(32), serverId: world.core.serverId },
        fido: { rpId: "x.countersign.invalid", userHandle: Buffer.alloc(32), userName: "ada", exclude: [] },
      });
    };
    world.core.identity["key.finishEnrolment"] = (request: KeyServiceFinishEnrolmentRequest) => {
      finished = request;
      const key = Key.create({ keyId: NEW, state: KeyState.PROVISIONAL, type: KeyType.FIDO2, name: request.name });
      return KeyServiceFinishEnrolmentResponse.create({ key });
    };
  });

  test.each([[["--fido"]], [[]]])("is enrolled through the daemon, and what is weaker is said (%j)", async (flags) => {
    const { code, out, err } = await world.run("key", "enrol", ...flags, "--name", "Drawer", "--recovery", OLD);
    expect([code, out]).toEqual([0, expect.stringContaining("PROVISIONAL")]);
    expect(begun).toMatchObject({ fido: true, serial: "", digits: false, recoveryId: OLD });
    expect(finished?.fido?.credentialId.length).toBeGreaterThan(0);
    expect([finished?.signedEnrolment.length, finished?.name]).toEqual([0, "Drawer"]);
    expect(world.daemon.enrolled[0]?.fido).toMatchObject({ rpId: "x.countersign.invalid", userName: "ada" });
    expect(err).toContain("your phone will be your only trusted view");
  });

  test.each([[["--serial", "S-1"]], [["--digits"]]])("proves neither serial nor digits (%j)", async (flags) => {
    expect((await world.run("key", "enrol", ...flags)).code).toBe(2);
    expect(world.daemon.enrolled).toEqual([]);
  });

  test("claim 24: cannot be proved before: refused, and nothing was created", async () => {
    const { code, err } = await pay("--verify-first");
    expect([code, err]).toEqual([2, expect.stringContaining("while it signs")]);
    expect([world.core.held.size, world.daemon.verified]).toEqual([0, []]);
  });

  test("confirms with the code typed here, and says what that costs", async () => {
    world.typed.push(CODE);
    const { code, err, out } = await pay("--until", "confirmed");
    expect([code, out]).toEqual([0, expect.stringContaining("Confirmed")]);
    expect(err).toContain("This PC sees your code; on a key without display the phone is your only trusted view");
    expect(err).toContain("FIDO2, no display, no keypad");
    expect(world.daemon.answered).toHaveLength(1);
    expect(out + err).not.toContain(CODE);
  });
});

test("a code with too few digits is asked for again, and is no answer", async () => {
  world.close();
  world = await CliWorld.open([{ type: "assert" }], true);
  world.typed.push("48", CODE);
  const { code } = await pay("--until", "confirmed");
  expect([code, world.daemon.answered.map((asked) => asked.code)]).toEqual([0, [CODE]]);
});

test("threat 18: two devices that call themselves by one serial: none of them is taken for the other", async () => {
  const [mine] = world.daemon.keys;
  if (mine === undefined) throw new Error("no key is plugged in");
  world.daemon.keys.unshift({ ...mine, model: "evil" });
  world.daemon.keys[1] = { ...mine, deviceId: `${mine.deviceId}-1f2e3d4c` };
  const { code, err } = await pay("--key", mine.serial);
  expect([code, world.daemon.asked]).toEqual([2, []]);
  expect(err).toContain("two devices say that they are");
});

test("--fido takes no Countersign key", async () => {
  expect((await world.run("key", "enrol", "--fido")).code).toBe(14);
});

test("a key with a keypad is never asked for its code here", async () => {
  world.daemon.acts.push({ type: "approve", code: CODE });
  world.typed.push("never");
  const { code, err } = await pay();
  expect([code, world.typed, world.daemon.answered]).toEqual([0, ["never"], []]);
  expect(err).not.toContain("This PC sees your code");
});

describe("claim 24: --verify-first", () => {
  test("claim 24: a wrong PIN: exit 14, and nothing was created", async () => {
    const metadata = { status: "PIN_INVALID" };
    world.daemon.verifications.push({ code: status.ABORTED, reason: "KEY_REFUSED", metadata });
    const { code, out } = await pay("--verify-first");
    expect([code, out]).toEqual([14, expect.stringContaining("nothing was sent")]);
    expect([world.core.held.size, world.daemon.asked]).toEqual([0, []]);
  });

  test.each([
    [["--verify-first"], 1],
    [["--verify-first", "pin"], 1],
    [["--verify-first", "finger"], 2],
  ])("claim 24: %j: then the key asks no second time", async (flags, method) => {
    world.daemon.acts.push({ type: "approve", code: CODE });
    const { code } = await pay(...flags);
    expect([code, world.daemon.asked[0]?.session]).toEqual([0, "session 1"]);
    expect(world.daemon.verified).toMatchObject([{ method }]);
  });

  test("claim 24: anything else is bad usage, before anything happens", async () => {
    expect((await pay("--verify-first", "face")).code).toBe(2);
    expect(world.daemon.verified).toEqual([]);
  });
});

test("check 21: a key that is revoked while it is asked: exit 14, and why", async () => {
  world.daemon.acts.push({ type: "wait" });
  const running = pay();
  await world.daemon.askedTimes(1);
  world.core.revoke(world.core.only, world.core.only.transaction.keyIds[0] ?? "");
  const { code, out, err } = await running;
  expect([code, out]).toEqual([14, expect.stringContaining("This key was revoked meanwhile · nothing was sent")]);
  expect(err).toContain("One of your keys was revoked just now");
});
