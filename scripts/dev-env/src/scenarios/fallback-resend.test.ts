// A new code takes the place of the old one wherever that may stand; the old one is refused.
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { DeliveryEventType } from "@countersign/proto/node/core/v1/code_service";
import { State } from "@countersign/proto/node/core/v1/content";
import { tempFolder } from "@countersign/testing";
import type { Customer, Waiting } from "../faults/customer.ts";
import { FaultWorld } from "../faults/fault-world.ts";
import { reasonOf } from "./error-info.ts";

/** The shortest that a policy allows. */
const RESEND_AFTER_MS = 60_000;
const ALWAYS = { times: 100_000 };

const folder = tempFolder();
let world: FaultWorld;
let user: Customer;
let waiting: Waiting;
let began: number;
let soon: string;

/** A code that Telegram took without an answer, and mail as well: it may stand in both. */
beforeAll(async () => {
  world = await FaultWorld.start({
    folder,
    channels: ["telegram", "mail"],
    policy: { digits: 10, highValueDigits: 10 },
  });
  user = await world.user();
  await world.fault("telegram", { method: "editMessageText", kind: "after", ...ALWAYS });
  began = performance.now();
  waiting = await user.pay();
  // Less than a minute after the last one there is none, whatever happens to that.
  soon = await reasonOf(world.parts.codes.resend({ transactionId: waiting.transaction.transactionId }));
  await waiting.timeline.until(DeliveryEventType.SENT, "mail");
  await world.mend("telegram");
}, 400_000);
afterAll(() => world?.stop());

test("a code that two channels may hold is replaced on both, and the old one is refused CODE_SUPERSEDED", async () => {
  const [old = ""] = await user.codesOn("mail");
  expect(await user.codesOn("telegram")).toEqual([old]);
  expect(soon).toBe("RATE_LIMITED");
  await newCode();
  const told = "New code: it takes the place of the last one";
  await user.hands("mail").phoneSays(told);
  await user.hands("telegram").phoneSays(told);
  const [, fresh = ""] = await user.codesOn("mail");
  expect(fresh).not.toBe(old);
  expect((await user.codesOn("telegram")).at(-1)).toBe(fresh);
  expect(await user.hands("telegram").chat()).not.toContain(old.slice(0, 5));
  const signing = user.sign(waiting);
  await user.hands("mail").readAndProve();
  await user.hands("mail").key.type(old);
  expect(await reasonOf(user.submit(waiting, await signing))).toBe("CODE_SUPERSEDED");
  expect(await user.confirm(waiting, "telegram")).toBe(State.CONFIRMED);
}, 400_000);

/** As soon as there may be one: a minute after the last, which the core's clock tells. */
async function newCode(): Promise<void> {
  const { transactionId } = waiting.transaction;
  const resend = (): Promise<string> => reasonOf(world.parts.codes.resend({ transactionId }));
  const left = began + RESEND_AFTER_MS - performance.now();
  await sleep(Math.max(0, left));
  let told = await resend();
  while (told === "RATE_LIMITED") {
    await sleep(500);
    told = await resend();
  }
  expect(told).toBe("OK");
}
