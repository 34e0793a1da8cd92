import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "@jest/globals";
import type { AttachRequest, AttachResponse } from "@countersign/proto/node/channel/v1/channel_service";
import { CoreWorld } from "../testing/core-world.ts";
import { attach } from "./attach.ts";
import { BotState } from "./bot-state.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

const BEATS = 200;

test("a stream that lives for months keeps nothing of the events that it has heard", async () => {
  const { given, tenantId, botId } = await CoreWorld.open();
  const over = new AbortController();
  const heard: WeakRef<AttachRequest>[] = [];
  let answered = Promise.withResolvers<AttachResponse>();
  async function* requests(): AsyncGenerator<AttachRequest> {
    yield { event: { $case: "hello", value: { platform: "sandbox", deepLink: "", leaseToken: Buffer.alloc(0) } } };
    const { event } = await answered.promise;
    if (event?.$case !== "welcome") throw new Error("no welcome");
    for (let i = 0; i < BEATS; i++) {
      answered = Promise.withResolvers();
      const beat: AttachRequest = { event: { $case: "beat", value: { fence: event.value.fence } } };
      heard.push(new WeakRef(beat));
      yield beat;
      await answered.promise;
    }
    await new Promise(setImmediate);
    collectGarbage();
    await new Promise(setImmediate);
    collectGarbage();
    expect(heard.filter((beat) => beat.deref() !== undefined).length).toBeLessThan(BEATS / 4);
  }
  const caller = { kind: "bot", tenantId, botId, platform: "sandbox" } as const;
  const call = { caller, deadline: new Date(8.64e15), signal: over.signal };
  const send = async (response: AttachResponse): Promise<void> => answered.resolve(response);
  const state = new BotState(given, { tenantId, botId });
  await attach(given, state, "sandbox", { requests: requests(), call, send });
  expect(heard.length).toBe(BEATS);
  await given.store.close();
});
