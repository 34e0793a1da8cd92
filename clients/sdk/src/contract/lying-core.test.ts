import { afterEach, describe, expect, test } from "@jest/globals";
import { confirm, outcomeOf, resume } from "../confirm.ts";
import type { CoreConnection } from "../core-connection.ts";
import { CREATE } from "../methods.ts";
import type { Port } from "../port.ts";
import { CODE, TestKey, type KeyAct } from "../testing/index.ts";
import { PAYMENT, Scene, WAYS } from "./ways.ts";

const APPROVE: KeyAct = { type: "approve", code: CODE };

let scene: Scene;
afterEach(() => scene.end());

describe.each(WAYS)("over %s", (_name, way) => {
  test("another installation than the pinned one is not taken to the key", async () => {
    scene = await Scene.set(way, [APPROVE]);
    const pinned = { ...scene.given.pinned, serverId: "00".repeat(16) };
    const differs = { state: "CONTENT_DIFFERS", difference: { at: "server" } };
    expect(await outcomeOf(confirm(PAYMENT, { ...scene.given, pinned }))).toMatchObject(differs);
    const held = scene.core.hold(scene.core.only.transaction);
    expect(await outcomeOf(resume(held.token, { ...scene.given, pinned }))).toMatchObject(differs);
    expect(scene.daemon.asked).toEqual([]);
  });

  test("threat 08: a receipt with one flipped bit is not EXECUTED", async () => {
    scene = await Scene.set(way, [APPROVE]);
    scene.core.alterReceipt = (json) => json.with(json.length - 40, (json[json.length - 40] ?? 0) ^ 1);
    expect(await outcomeOf(confirm(PAYMENT, scene.given))).toMatchObject({ state: "RECEIPT_UNVERIFIED" });
  });

  test("a receipt that another core key signed is not EXECUTED", async () => {
    scene = await Scene.set(way, [APPROVE]);
    const pinned = { ...scene.given.pinned, publicKeys: [new TestKey().coseKey] };
    const outcome = await outcomeOf(confirm(PAYMENT, { ...scene.given, pinned }));
    expect(outcome).toMatchObject({ state: "RECEIPT_UNVERIFIED" });
  });

  test("the receipt of another transaction is not EXECUTED", async () => {
    scene = await Scene.set(way, [APPROVE, APPROVE]);
    let first: Uint8Array | undefined;
    scene.core.alterReceipt = (json) => (first ??= json);
    expect(await outcomeOf(confirm(PAYMENT, scene.given))).toMatchObject({ state: "EXECUTED" });
    expect(await outcomeOf(confirm(PAYMENT, scene.given))).toEqual({
      ...{ state: "RECEIPT_UNVERIFIED", why: "it is of another transaction" },
    });
  });

  test("threat 08: yesterday's equal transaction, replayed whole, does not pass for today's", async () => {
    scene = await Scene.set(way, [APPROVE, APPROVE]);
    expect(await outcomeOf(confirm(PAYMENT, scene.given))).toMatchObject({ state: "EXECUTED" });
    const { transaction, token } = scene.core.only;
    const core = answeringCreate(scene.given.core, { transaction, confirmationToken: token });
    expect(await outcomeOf(confirm(PAYMENT, { ...scene.given, core }))).toEqual({
      ...{ state: "RECEIPT_UNVERIFIED", why: "it is over a statement that the key did not sign now" },
    });
  });
});

function answeringCreate(core: CoreConnection, answer: unknown): CoreConnection {
  const { port } = core;
  const unary: Port["unary"] = (method, request, of) =>
    method.path === CREATE.path ? Promise.resolve(answer as never) : port.unary(method, request, of);
  return { ...core, port: { ...port, unary } };
}
