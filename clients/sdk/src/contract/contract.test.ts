import { status } from "@grpc/grpc-js";
import { Label, RejectReason } from "@countersign/protocol";
import { State } from "@countersign/proto/node/core/v1/content";
import { afterEach, describe, expect, test } from "@jest/globals";
import { confirm, outcomeOf } from "../confirm.ts";
import type { Outcome } from "../outcome.ts";
import { CODE, type FakeError, type KeyAct } from "../testing/index.ts";
import { allOf, PAYMENT, Scene, WAYS } from "./ways.ts";

const APPROVE: KeyAct = { type: "approve", code: CODE };
const WRONG: KeyAct = { type: "approve", code: "000000" };
const WAIT: KeyAct = { type: "wait" };
const fails = (error: FakeError): KeyAct => ({ type: "error", error });
const times = <T>(count: number, one: T): T[] => Array.from({ length: count }, () => one);

const BUSY: FakeError = { code: status.RESOURCE_EXHAUSTED, reason: "BUSY", retryAfterMs: 500 };
const AWAY: FakeError = { code: status.UNAVAILABLE };
const REFUSED = {
  ...{ code: status.INVALID_ARGUMENT, reason: "BAD_INPUT" },
  violations: [{ field: "fields[1].value", description: "U+202E" }],
};

interface Row {
  readonly acts: readonly KeyAct[];
  /** Before anything is asked. */
  readonly before?: (scene: Scene) => void;
  /** Once the key has been asked. */
  readonly during?: (scene: Scene) => void | Promise<void>;
  readonly outcome: Partial<Outcome> & { readonly state: Outcome["state"] };
  /** How the core holds it in the end; undefined: it was never created. */
  readonly held?: State | undefined;
  /** So often the key was asked. */
  readonly asked?: number;
}

const ROWS: Readonly<Record<string, Row>> = {
  "a payment is confirmed and carried out": { acts: [APPROVE], outcome: { state: "EXECUTED" }, held: State.EXECUTED },
  "a reject on the key": {
    acts: [{ type: "reject", reason: RejectReason.NOT_ME }],
    ...{ outcome: { state: "REJECTED", onKey: true }, held: State.REJECTED },
  },
  "a key that signed other content": {
    acts: [APPROVE],
    before: ({ daemon }) => {
      daemon.alter = (shown) => ({ ...shown, content: Buffer.concat([shown.content, Buffer.of(0)]) });
    },
    ...{ outcome: { state: "TAMPERED" }, held: State.TAMPERED },
  },
  "a wrong code, then the right one": {
    ...{ acts: [WRONG, APPROVE], outcome: { state: "EXECUTED" }, held: State.EXECUTED, asked: 2 },
  },
  "three wrong codes": {
    ...{ acts: [WRONG, WRONG, WRONG, APPROVE], outcome: { state: "ENDED" }, held: State.LOCKED, asked: 3 },
  },
  "a core that is busy when it is to create": {
    acts: [APPROVE],
    before: ({ core }) => core.errors.set("create", times(3, BUSY)),
    ...{ outcome: { state: "EXECUTED" }, held: State.EXECUTED },
  },
  "a core that stays busy": {
    acts: [],
    before: ({ core }) => core.errors.set("create", times(9, BUSY)),
    ...{ outcome: { state: "BUSY", retryAfterMs: 500 }, asked: 0 },
  },
  "a core that is busy when a statement is handed in": {
    acts: [APPROVE],
    before: ({ core }) => core.errors.set("submitStatement", times(9, BUSY)),
    ...{ outcome: { state: "EXECUTED" }, held: State.EXECUTED },
  },
  "outages, over and over": {
    acts: [APPROVE],
    before: ({ core }) => {
      core.errors.set("create", times(2, AWAY));
      core.errors.set("submitStatement", times(30, AWAY));
      core.errors.set("receipt", times(2, AWAY));
    },
    ...{ outcome: { state: "EXECUTED" }, held: State.EXECUTED },
  },
  "a field that the core refuses": {
    acts: [],
    before: ({ core }) => core.errors.set("create", [REFUSED]),
    ...{ outcome: { state: "REFUSED", violations: REFUSED.violations }, asked: 0 },
  },
  "a transaction that expires at the key": {
    acts: [WAIT],
    during: ({ core }) => core.change(core.only, { state: State.EXPIRED }),
    ...{ outcome: { state: "ENDED" }, held: State.EXPIRED },
  },
  "streams that are cut": {
    acts: [WAIT],
    during: async ({ core }) => {
      for (let cuts = 1; cuts < 4; cuts += 1) {
        await core.watchedTimes(cuts);
        core.breakWatches();
      }
      core.change(core.only, { state: State.EXECUTION_UNKNOWN });
    },
    ...{ outcome: { state: "EXECUTION_UNKNOWN" }, held: State.EXECUTION_UNKNOWN },
  },
  "an executor that fails": {
    acts: [APPROVE],
    before: ({ core }) => void (core.executor = "fail"),
    ...{ outcome: { state: "ENDED" }, held: State.EXECUTION_FAILED },
  },
  "others have to confirm as well": {
    acts: [WAIT],
    during: ({ core }) => core.change(core.only, { state: State.PARTIAL }),
    ...{ outcome: { state: "PARTIAL" }, held: State.PARTIAL },
  },
  "a user who withdraws": {
    acts: [WAIT],
    during: ({ stop }) => stop.abort(),
    ...{ outcome: { state: "CANCELLED", byUser: true }, held: State.CANCELLED },
  },
  "a key that is pulled out": {
    acts: [fails({ code: status.UNAVAILABLE, reason: "KEY_LEFT" })],
    ...{ outcome: { state: "KEY_LEFT" }, held: State.CANCELLED },
  },
  "no key at all": {
    acts: [],
    before: ({ daemon }) => void daemon.keys.splice(0),
    ...{ outcome: { state: "NO_KEY" }, held: State.CANCELLED },
  },
  "a key that refuses": {
    acts: [fails({ code: status.ABORTED, reason: "KEY_REFUSED", metadata: { status: "CANNOT_SHOW" } })],
    ...{ outcome: { state: "KEY_REFUSED", status: "CANNOT_SHOW" }, held: State.CANCELLED },
  },
  "a key that is busy": {
    acts: [fails({ code: status.RESOURCE_EXHAUSTED, reason: "KEY_BUSY" })],
    ...{ outcome: { state: "BUSY" }, held: State.CANCELLED },
  },
  "a key that is revoked": {
    acts: [WAIT],
    during: ({ core }) => core.revoke(core.only, core.only.transaction.keyIds[0] ?? ""),
    ...{ outcome: { state: "KEY_REVOKED" }, held: State.CANCELLED },
  },
  "a core that holds other lines": {
    acts: [APPROVE],
    before: ({ core }) => {
      const value = { type: "text", text: "Mallory Ltd" } as const;
      core.alter = (fields) => fields.map((field) => (field.label === Label.TO ? { ...field, value } : field));
    },
    outcome: { state: "CONTENT_DIFFERS", difference: { at: "lines[1]", core: "Mallory Ltd", meant: "Müller GmbH" } },
    ...{ held: State.CANCELLED, asked: 0 },
  },
};

let scene: Scene;
afterEach(() => scene.end());

describe.each(WAYS)("over %s", (_name, way) => {
  test.each(Object.entries(ROWS))("%s", async (_what, row) => {
    scene = await Scene.set(way, row.acts);
    row.before?.(scene);
    const outcome = outcomeOf(confirm(PAYMENT, scene.given));
    if (row.during !== undefined) {
      await scene.daemon.askedTimes(1);
      await row.during(scene);
    }
    expect(await outcome).toMatchObject(row.outcome);
    expect([...scene.core.held.values()].map(({ transaction }) => transaction.state)).toEqual(
      row.held === undefined ? [] : [row.held],
    );
    expect(scene.daemon.asked).toHaveLength(row.asked ?? scene.daemon.asked.length);
    // Whatever ended it, no key goes on showing what is over.
    if (row.acts.includes(WAIT)) await scene.daemon.cancelledTimes(1);
  });

  test("what is reported, in order", async () => {
    scene = await Scene.set(way, [WRONG, APPROVE]);
    const seen = await allOf(confirm(PAYMENT, scene.given));
    const told = seen.map((event) => (event.type === "key" ? event.step : event.type));
    const ofTheKey = ["showing", "pin", "code", "computing", "signed"];
    expect(told.filter((one) => one !== "state")).toEqual([
      ...["created", "equal", ...ofTheKey, "try-again", ...ofTheKey, "outcome"],
    ]);
    const states = seen.flatMap((event) => (event.type === "state" ? [event.state] : []));
    expect(states[0]).toBe("WAITING");
    expect(states.at(-1)).toBe("EXECUTED");
    expect(new Set(states).size).toBe(states.length);
  });

  test("the key is given the client's own content, and what it signed is what the receipt holds", async () => {
    scene = await Scene.set(way, [APPROVE]);
    const outcome = await outcomeOf(confirm(PAYMENT, scene.given));
    const [asked] = scene.daemon.asked;
    expect(Uint8Array.from(asked?.content ?? [])).toEqual(scene.core.only.content);
    expect(outcome).toMatchObject({ state: "EXECUTED", receipt: { name: expect.stringMatching(/^[0-9A-F]{4}-/) } });
  });

  test("the same request id takes up the same transaction", async () => {
    scene = await Scene.set(way, [APPROVE, APPROVE]);
    const named = { ...PAYMENT, requestId: "mine" };
    expect(await outcomeOf(confirm(named, scene.given))).toMatchObject({ state: "EXECUTED" });
    expect(await outcomeOf(confirm(named, scene.given))).toMatchObject({ state: "EXECUTED" });
    expect(scene.core.held.size).toBe(1);
  });

  test("leaving the loop stops the key and leaves the transaction to expire", async () => {
    scene = await Scene.set(way, [WAIT]);
    for await (const event of confirm(PAYMENT, scene.given)) if (event.type === "key") break;
    await scene.daemon.cancelledTimes(1);
    expect(scene.core.only.transaction.state).toBe(State.PENDING);
  });

  test("a daemon that is away is thrown, and the transaction withdrawn", async () => {
    scene = await Scene.set(way);
    scene.daemonLeaves();
    await expect(outcomeOf(confirm(PAYMENT, scene.given))).rejects.toMatchObject({ name: "CoreError", code: 14 });
    expect(scene.core.only.transaction.state).toBe(State.CANCELLED);
  });

  test("a daemon that goes in the middle is thrown, and the transaction withdrawn", async () => {
    scene = await Scene.set(way, [WAIT]);
    const outcome = outcomeOf(confirm(PAYMENT, scene.given)).catch((error: unknown) => error);
    await scene.daemon.askedTimes(1);
    scene.daemonLeaves();
    expect(await outcome).toMatchObject({ name: "CoreError" });
    expect(scene.core.only.transaction.state).toBe(State.CANCELLED);
  });

  test("a core that is away is waited for, as long as told, and then thrown", async () => {
    let silences = 0;
    scene = await Scene.set(way, [], { patienceMs: 3_000, onSilence: () => (silences += 1) });
    scene.coreLeaves();
    await expect(outcomeOf(confirm(PAYMENT, scene.given))).rejects.toMatchObject({ isOutage: true, code: 14 });
    expect(silences).toBe(1);
  });

  test("a token that the core does not know is thrown", async () => {
    scene = await Scene.set(way);
    scene.core.errors.set("create", [{ code: status.UNAUTHENTICATED, reason: "UNAUTHENTICATED" }]);
    await expect(outcomeOf(confirm(PAYMENT, scene.given))).rejects.toMatchObject({ code: 16, isOutage: false });
  });
});
