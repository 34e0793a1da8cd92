import { ChannelError } from "@countersign/bot-kit";
import { afterEach, describe, expect, test } from "@jest/globals";
import { Method } from "matrix-js-sdk/lib/http-api/method.js";
import { createClient, type MatrixClient } from "matrix-js-sdk/lib/matrix.js";
import { StoreError } from "../crypto-store/store-error.ts";
import { GuardedFetch, type AwaitedWrite } from "./guarded-fetch.ts";
import { quietLogger } from "./quiet-sdk.ts";
import { classifyFailure } from "./send-failure.ts";
import { ScriptedHomeserver, type Script } from "./testing/scripted-homeserver.ts";

const servers: ScriptedHomeserver[] = [];
const sealed = { algorithm: "m.megolm.v1.aes-sha2", ciphertext: "SECRET-CIPHERTEXT" };

afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
});

function clientOf(guard: GuardedFetch, url: URL): MatrixClient {
  return createClient({
    baseUrl: url.href.slice(0, -1),
    userId: "@bot:x",
    deviceId: "D",
    accessToken: "SECRET-TOKEN",
    fetchFn: guard.fetch,
    logger: quietLogger,
  });
}

/** What one send ends as, against a server of this script. */
async function fateOf(
  script: Script,
  signal = new AbortController().signal,
  beforeWrite = (): void => undefined,
): Promise<ChannelError> {
  const server = await ScriptedHomeserver.start(script);
  servers.push(server);
  return failureAt(server.url, signal, beforeWrite);
}

async function failureAt(url: URL, signal: AbortSignal, beforeWrite: () => void): Promise<ChannelError> {
  const guard = new GuardedFetch({ homeserver: url, flush: () => Promise.resolve() });
  const client = clientOf(guard, url);
  const awaited: AwaitedWrite = { beforeWrite, left: false, failure: undefined };
  const path = "/rooms/!SECRET-ROOM%3Ax/send/m.room.encrypted/t1";
  try {
    await guard.awaiting("t1", awaited, () =>
      client.http.authedRequest(Method.Put, path, undefined, sealed, { abortSignal: signal, priority: "high" }),
    );
  } catch (error) {
    return classifyFailure(error, awaited);
  }
  throw new Error("it was accepted");
}

const matrix = (status: number, errcode: string, more: object = {}): Script => {
  return () => ({ status, json: { errcode, error: "SECRET-TEXT", ...more } });
};

describe("what a send ended as", () => {
  test.each<[string, Script, Partial<ChannelError>]>([
    [
      "a rate limit",
      matrix(429, "M_LIMIT_EXCEEDED", { retry_after_ms: 1500 }),
      { fate: "not-sent", detail: "rate-limited", retryAfterMs: 1500 },
    ],
    [
      "a rate limit of a proxy",
      () => ({ status: 429, text: "no" }),
      { fate: "not-sent", detail: "rate-limited", retryAfterMs: 5000 },
    ],
    [
      "a room that put the bot out",
      matrix(403, "M_FORBIDDEN"),
      { fate: "permanent", detail: "blocked", reason: "CHANNEL_BLOCKED_BY_USER" },
    ],
    [
      "an event that is too large",
      matrix(413, "M_TOO_LARGE"),
      { fate: "permanent", detail: "does-not-fit", reason: "CHANNEL_DOES_NOT_FIT" },
    ],
    ["an event that is not there", matrix(404, "M_NOT_FOUND"), { fate: "permanent", detail: "gone" }],
    ["a proxy without that path", () => ({ status: 404, text: "no" }), { fate: "not-sent", detail: "http-404" }],
    ["a request that is a bug", matrix(400, "M_BAD_JSON"), { fate: "not-sent", detail: "http-400" }],
    ["a server's error", matrix(500, "M_UNKNOWN"), { fate: "unknown", detail: "http-500" }],
    ["a gateway's error", () => ({ status: 502, text: "<html>" }), { fate: "unknown", detail: "http-502" }],
    [
      "an answer that is no JSON",
      () => ({ status: 200, text: "<html>welcome" }),
      { fate: "unknown", detail: "malformed-answer" },
    ],
    ["a cut connection", () => "cut", { fate: "unknown", detail: "reset" }],
  ])("%s", async (_name, script, expected) => {
    expect(await fateOf(script)).toMatchObject({ name: "ChannelError", ...expected });
  });

  test("a server that is away got nothing", async () => {
    const server = await ScriptedHomeserver.start(() => "silence");
    await server.stop();
    const ended = await failureAt(server.url, new AbortController().signal, () => undefined);
    expect(ended).toMatchObject({ fate: "not-sent", detail: "connect" });
  });

  test("silence until the deadline leaves it open; a deadline before the write does not", async () => {
    const deadline = new AbortController();
    const silent = await fateOf(() => {
      deadline.abort();
      return "silence";
    }, deadline.signal);
    expect(silent).toMatchObject({ fate: "unknown", detail: "timeout" });
    const early = await fateOf(() => ({ status: 200, json: {} }), AbortSignal.abort());
    expect(early).toMatchObject({ fate: "not-sent", detail: "timeout" });
  });

  test("what the caller's last look said is passed on as it is", async () => {
    const late = new ChannelError({ fate: "not-sent", detail: "late" });
    const ended = await fateOf(
      () => ({ status: 200, json: {} }),
      undefined,
      () => {
        throw late;
      },
    );
    expect(ended).toBe(late);
  });

  test("a store that cannot be written keeps everything back", () => {
    const failure = new StoreError("unwritable", "disk full");
    const awaited = { beforeWrite: () => undefined, left: false, failure };
    expect(classifyFailure(new Error("fetch failed"), awaited)).toMatchObject({
      fate: "not-sent",
      detail: "not-ready",
    });
  });

  test("nothing of the request or of the answer is in it", async () => {
    const script = matrix(403, "M_FORBIDDEN");
    const ended = await fateOf(script);
    expect(JSON.stringify([ended.message, ended.stack, { ...ended }, ended.cause])).not.toContain("SECRET");
  });
});
