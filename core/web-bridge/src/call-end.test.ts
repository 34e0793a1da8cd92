import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { ask, type BridgeRig, frameOf, startBridge } from "./testing/bridge-rig.ts";
import { sampleClient } from "./testing/sample-client.ts";

let rig: BridgeRig;
beforeEach(async () => {
  rig = await startBridge();
});
afterEach(() => rig.stop());

const nextCancelled = (): Promise<void> => new Promise((resolve) => (rig.happened.onCancelled = resolve));

test("a caller who leaves cancels the unary call at the server", async () => {
  const leaving = new AbortController();
  const cancelled = nextCancelled();
  const asking = sampleClient(rig.url).one({ text: "never" }, { signal: leaving.signal });
  while (rig.happened.peers.length === 0) await new Promise((resolve) => setImmediate(resolve));
  leaving.abort();
  await expect(asking).rejects.toThrow("aborted");
  await cancelled;
  expect(rig.happened.cancelled).toBe(1);
});

test("a caller who leaves in the middle of a stream cancels it at the server", async () => {
  const leaving = new AbortController();
  const cancelled = nextCancelled();
  const read = async (): Promise<void> => {
    for await (const { text } of sampleClient(rig.url).many({ text: "hold 3" }, { signal: leaving.signal })) {
      if (text === "2") leaving.abort();
    }
  };
  await expect(read()).rejects.toThrow("aborted");
  await cancelled;
});

test("a call that ends as it should is not cancelled", async () => {
  await sampleClient(rig.url).one({ text: "hi" });
  for await (const _ of sampleClient(rig.url).many({ text: "count 3" })) continue;
  await rig.stop();
  expect(rig.happened.cancelled).toBe(0);
});

test.each(["One", "Many"])(
  "grpc-timeout is the deadline of %s: the handler knows it, and the call ends with it",
  async (name) => {
    const cancelled = nextCancelled();
    const before = Date.now();
    const headers = { "grpc-timeout": "80m" };
    const body = frameOf(name === "One" ? "never" : "hold 1");
    const answered = await ask(rig, { path: `/sample.v1.SampleService/${name}`, headers, body });
    expect(answered.body.toString()).toContain("grpc-status:4\r\ngrpc-message:the deadline of the call has passed");
    await cancelled;
    const deadline = Number(rig.happened.deadlines[0]);
    expect(deadline - before).toBeGreaterThanOrEqual(80);
    expect(Date.now()).toBeGreaterThanOrEqual(deadline - 2);
  },
);

test("a call that names no deadline has none", async () => {
  await ask(rig);
  await ask(rig, { headers: { "grpc-timeout": "99999999H" } });
  expect(rig.happened.deadlines).toEqual([Number.POSITIVE_INFINITY, expect.any(Date)]);
});

test("a stream is known to be attached before its first message", async () => {
  const leaving = new AbortController();
  const response = await fetch(`${rig.url}/sample.v1.SampleService/Many`, {
    method: "POST",
    headers: { "content-type": "application/grpc-web+proto" },
    body: new Uint8Array(frameOf("open 0")),
    signal: leaving.signal,
  });
  expect(response.status).toBe(200);
  leaving.abort();
});

test("a bridge that closes ends what is still open", async () => {
  const reading = (async (): Promise<number> => {
    let count = 0;
    for await (const _ of sampleClient(rig.url).many({ text: "hold 2" })) if (++count === 2) void rig.stop();
    return count;
  })();
  await expect(reading).rejects.toThrow(/terminated|aborted|closed/);
});
