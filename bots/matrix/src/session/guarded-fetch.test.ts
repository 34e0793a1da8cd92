import { ChannelError } from "@countersign/bot-kit";
import { afterEach, describe, expect, test } from "@jest/globals";
import { createClient } from "matrix-js-sdk/lib/matrix.js";
import { GuardedFetch, type AwaitedWrite } from "./guarded-fetch.ts";
import { quietConsole, quietLogger } from "./quiet-sdk.ts";
import { ScriptedHomeserver, type Script } from "./testing/scripted-homeserver.ts";

const servers: ScriptedHomeserver[] = [];

async function serve(script: Script): Promise<ScriptedHomeserver> {
  const server = await ScriptedHomeserver.start(script);
  servers.push(server);
  return server;
}

afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
});

const accepts: Script = () => ({ status: 200, json: { event_id: "$e" } });
const send = "/_matrix/client/v3/rooms/!r:x/send/m.room.encrypted/t1";
const sealed = JSON.stringify({ algorithm: "m.megolm.v1.aes-sha2", ciphertext: "A" });

function guardOf(
  server: ScriptedHomeserver,
  steps: string[] = [],
  more: { renew?: () => Promise<string | undefined> } = {},
): GuardedFetch {
  return new GuardedFetch({
    homeserver: server.url,
    flush: async () => {
      steps.push("flush");
      await Promise.resolve();
      steps.push("flushed");
    },
    ...more,
  });
}

function awaited(steps: string[] = [], beforeWrite = (): void => void steps.push("beforeWrite")): AwaitedWrite {
  return { beforeWrite, left: false, failure: undefined };
}

describe("the plaintext guard", () => {
  test("threat 15: what the SDK sends in clear to a room it does not know does not leave", async () => {
    const server = await serve(accepts);
    const guard = guardOf(server);
    const speak = quietConsole();
    const client = createClient({
      baseUrl: server.url.href.slice(0, -1),
      userId: "@bot:x",
      deviceId: "D",
      accessToken: "token",
      fetchFn: guard.fetch,
      logger: quietLogger,
    });
    expect(client.getRoom("!r:x")).toBeNull();
    const message = { msgtype: "m.text", body: "Code 482 915" } as never;
    await expect(client.sendEvent("!r:x", "m.room.message" as never, message, "t1")).rejects.toThrow(
      "kept back: plaintext-event",
    );
    expect(server.seen).toEqual([]);
    // The same without the guard is what it is there for.
    const bare = createClient({
      baseUrl: server.url.href.slice(0, -1),
      userId: "@bot:x",
      deviceId: "D",
      accessToken: "token",
      logger: quietLogger,
    });
    await bare.sendEvent("!r:x", "m.room.message" as never, message, "t2");
    expect(server.seen.map(({ body }) => body)).toEqual([JSON.stringify(message)]);
    speak();
  });

  test("no other server is ever spoken to, not by a redirect either", async () => {
    const other = await serve(accepts);
    const server = await serve(() => ({ status: 307, json: {}, headers: { location: new URL(send, other.url).href } }));
    const guard = guardOf(server);
    await expect(guard.fetch(new URL(send, other.url), { method: "PUT", body: sealed })).rejects.toMatchObject({
      name: "PlaintextRefused",
      refusal: "other-origin",
    });
    await expect(guard.fetch(new URL(send, server.url), { method: "PUT", body: sealed })).rejects.toThrow(
      "fetch failed",
    );
    expect(other.seen).toEqual([]);
  });
});

describe("before anything leaves", () => {
  test("it is durable, then the caller has the last look, then it goes", async () => {
    const steps: string[] = [];
    const server = await serve(() => {
      steps.push("server");
      return { status: 200, json: {} };
    });
    const guard = guardOf(server, steps);
    const write = awaited(steps);
    await guard.awaiting("t1", write, () => guard.fetch(new URL(send, server.url), { method: "PUT", body: sealed }));
    expect(steps).toEqual(["flush", "flushed", "beforeWrite", "server"]);
    expect(write.left).toBe(true);
  });

  test("the last look of one write is not another's, and can keep it back", async () => {
    const server = await serve(accepts);
    const guard = guardOf(server);
    const late = new ChannelError({ fate: "not-sent", detail: "late" });
    const write = awaited([], () => {
      throw late;
    });
    const put = (txnId: string): Promise<Response> =>
      guard.fetch(new URL(send.replace("t1", txnId), server.url), { method: "PUT", body: sealed });
    await guard.awaiting("t1", write, async () => {
      await put("t2");
      await expect(put("t1")).rejects.toBe(late);
    });
    expect(server.seen.map(({ path }) => path.at(-1))).toEqual(["2"]);
    expect([write.left, write.failure]).toEqual([false, late]);
    await put("t1"); // over: nobody looks any more
  });

  test("two writes at once under one transaction id are a mistake of the caller", async () => {
    const guard = guardOf(await serve(accepts));
    const never = new Promise<never>(() => undefined);
    void guard.awaiting("t1", awaited(), () => never);
    await expect(guard.awaiting("t1", awaited(), () => never)).rejects.toThrow("two writes at once");
  });

  test("what cannot be made durable does not go, nor what was called off meanwhile, nor anything after the end", async () => {
    const server = await serve(accepts);
    const over = new AbortController();
    const failing = new GuardedFetch({ homeserver: server.url, flush: () => Promise.reject(new Error("disk full")) });
    await expect(failing.fetch(new URL(send, server.url), { method: "PUT", body: sealed })).rejects.toThrow(
      "disk full",
    );
    const slow = new GuardedFetch({ homeserver: server.url, flush: async () => over.abort() });
    const given = { method: "PUT", body: sealed, signal: over.signal };
    await expect(slow.fetch(new URL(send, server.url), given)).rejects.toThrow("aborted");
    const shut = guardOf(server);
    shut.shut();
    await expect(shut.fetch(new URL(send, server.url), { method: "PUT", body: sealed })).rejects.toThrow("closed");
    expect(server.seen).toEqual([]);
  });
});

describe("answers", () => {
  test("a 429 in any request is told, with the silence that it asks for", async () => {
    const answers = [
      { status: 429, json: { errcode: "M_LIMIT_EXCEEDED", retry_after_ms: 1234 } },
      { status: 429, json: {}, headers: { "retry-after": "7" } },
      { status: 429, text: "slow down" },
      { status: 429, json: { retry_after_ms: 1e15 } },
      { status: 429, json: {}, headers: { "retry-after": "999999" } },
    ];
    const server = await serve(() => answers.shift()!);
    const guard = guardOf(server);
    const told: number[] = [];
    const stop = guard.onRateLimit((ms) => told.push(ms));
    for (let i = 0; i < 5; i += 1) await guard.fetch(new URL("/_matrix/client/v3/sync?since=a", server.url));
    expect(told).toEqual([1234, 7000, 5000, 600_000, 600_000]);
    stop();
  });

  test("a forgotten token is renewed once, and the request made again with the new one", async () => {
    const server = await serve(({ authorization }) =>
      authorization === "Bearer new"
        ? { status: 200, json: { event_id: "$e" } }
        : { status: 401, json: { errcode: "M_UNKNOWN_TOKEN" } },
    );
    const looks: string[] = [];
    const guard = guardOf(server, [], { renew: async () => "new" });
    const headers = { authorization: "Bearer old" };
    const answer = await guard.awaiting("t1", awaited(looks), () =>
      guard.fetch(new URL(send, server.url), { method: "PUT", body: sealed, headers }),
    );
    expect(await answer.json()).toEqual({ event_id: "$e" });
    expect(server.seen.map(({ authorization, body }) => [authorization, body])).toEqual([
      ["Bearer old", sealed],
      ["Bearer new", sealed],
    ]);
    expect(looks).toEqual(["beforeWrite", "beforeWrite"]);
    const without = guardOf(server, [], { renew: async () => undefined });
    expect((await without.fetch(new URL("/x", server.url), { headers })).status).toBe(401);
  });

  test("a first sync is never the one that the server remembers", async () => {
    const server = await serve(accepts);
    const guard = guardOf(server);
    for (let i = 0; i < 8; i += 1) await guard.fetch(new URL("/_matrix/client/v3/sync?timeout=0", server.url));
    expect(new Set(server.seen.map(({ path }) => path)).size).toBeGreaterThan(6);
    await guard.fetch(new URL("/_matrix/client/v3/sync?timeout=30000&since=s", server.url));
    expect(server.seen.at(-1)?.path).toBe("/_matrix/client/v3/sync?timeout=30000&since=s");
  });
});
