import { Kind, Label } from "@countersign/protocol";
import { State } from "@countersign/proto/node/core/v1/content";
import { afterEach, describe, expect, test } from "@jest/globals";
import { confirm, confirmOpen, outcomeOf, resume } from "../confirm.ts";
import { CODE, type KeyAct } from "../testing/index.ts";
import type { Held } from "../testing/fake-state.ts";
import { allOf, PAYMENT, Scene, WAYS } from "./ways.ts";

const APPROVE: KeyAct = { type: "approve", code: CODE };
const LINES = [{ label: Label.ACTION, value: "Open the gate" }];

let scene: Scene;
afterEach(() => scene.end());

const held = (): Held => scene.core.hold({ kind: Kind.APPROVE, lines: LINES, userId: "ada" });

describe.each(WAYS)("over %s", (_name, way) => {
  test("with nothing but its token a transaction that waits is taken to the key and to its end", async () => {
    scene = await Scene.set(way, [APPROVE]);
    const seen = await allOf(resume(held().token, scene.given));
    expect(seen[0]).toMatchObject({
      type: "created",
      lines: LINES,
      transactionId: scene.core.only.transaction.transactionId,
    });
    expect(seen.at(-1)).toMatchObject({ outcome: { state: "EXECUTED" } });
  });

  test("lines that were kept are compared", async () => {
    scene = await Scene.set(way, [APPROVE]);
    const meant = [{ label: Label.ACTION, value: "Open the door" }];
    const outcome = await outcomeOf(resume(held().token, { ...scene.given, meant }));
    expect(outcome).toMatchObject({ state: "CONTENT_DIFFERS", difference: { at: "lines[0]" } });
    expect(scene.daemon.asked).toEqual([]);
  });

  test("after a confirmation was left in the middle, as by a reload", async () => {
    scene = await Scene.set(way, [{ type: "wait" }, APPROVE]);
    for await (const event of confirm(PAYMENT, scene.given)) if (event.type === "key") break;
    await scene.daemon.cancelledTimes(1);
    expect(await outcomeOf(resume(scene.core.only.token, scene.given))).toMatchObject({ state: "EXECUTED" });
  });

  test.each([
    [State.EXPIRED, "ENDED"],
    [State.TAMPERED, "TAMPERED"],
    [State.EXECUTION_UNKNOWN, "EXECUTION_UNKNOWN"],
    [State.PARTIAL, "PARTIAL"],
  ])("what is in state %d is told as %s, and no key is asked", async (state, outcome) => {
    scene = await Scene.set(way, [APPROVE]);
    const one = held();
    scene.core.change(one, { state });
    expect(await outcomeOf(resume(one.token, scene.given))).toMatchObject({ state: outcome });
    expect(scene.daemon.asked).toEqual([]);
  });

  test("what was carried out meanwhile comes with its receipt, and no key is asked", async () => {
    scene = await Scene.set(way, [APPROVE]);
    expect(await outcomeOf(confirm(PAYMENT, scene.given))).toMatchObject({ state: "EXECUTED" });
    expect(await outcomeOf(resume(scene.core.only.token, scene.given))).toMatchObject({ state: "EXECUTED" });
    expect(scene.daemon.asked).toHaveLength(1);
  });

  test("a token that the core does not know is thrown", async () => {
    scene = await Scene.set(way);
    const outcome = outcomeOf(resume("cs_conf_CCCCCCCCCCCCCCCCCCCCCCCC", scene.given));
    await expect(outcome).rejects.toMatchObject({ name: "CoreError", code: 16 });
  });

  test("a transaction that somebody else created is taken to the key", async () => {
    scene = await Scene.set(way, [APPROVE]);
    const { transaction, token } = held();
    expect(await outcomeOf(confirmOpen(transaction, token, scene.given))).toMatchObject({ state: "EXECUTED" });
  });
});
