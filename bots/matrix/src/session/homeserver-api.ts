import { ChannelError, type Secret } from "@countersign/bot-kit";
import { HTTPError, MatrixError } from "matrix-js-sdk/lib/http-api/errors.js";
import { silenceOf } from "./guarded-fetch.ts";

const DEADLINE_MS = 20_000;

/** What the homeserver answered instead of what was asked for. Holds closed words only. */
export class ApiRefusal extends Error {
  override readonly name: string = "ApiRefusal";
  readonly status: number;
  /** Such as M_FORBIDDEN; empty when the answer is not Matrix's. */
  readonly errcode: string;
  readonly retryAfterMs: number | undefined;
  /** For M_UNKNOWN_TOKEN, and what user-interactive authentication asks for. */
  readonly body: Record<string, unknown>;

  constructor(status: number, body: Record<string, unknown>, retryAfterMs?: number) {
    const told = body["errcode"];
    const errcode = typeof told === "string" && /^[A-Z0-9_.]{1,64}$/i.test(told) ? told : "";
    super(`the homeserver answered ${status} ${errcode}`.trim());
    this.status = status;
    this.errcode = errcode;
    this.retryAfterMs = retryAfterMs;
    this.body = body;
  }
}

/**
 * The few calls that are made before there is a client, or that the client would repeat by itself. Each is bounded by
 * the caller's signal and by a deadline of its own, and is made once.
 */
export class HomeserverApi {
  readonly #base: URL;
  readonly #fetch: typeof fetch;

  constructor(base: URL, fetchFn: typeof fetch) {
    this.#base = base;
    this.#fetch = fetchFn;
  }

  async login(
    given: {
      readonly userId: string;
      readonly password: Secret;
      readonly deviceId: string;
      readonly deviceName: string;
    },
    signal: AbortSignal,
  ): Promise<{ readonly accessToken: string }> {
    const answer = await this.call("POST", "/_matrix/client/v3/login", undefined, signal, {
      type: "m.login.password",
      identifier: { type: "m.id.user", user: given.userId },
      password: given.password.reveal(),
      device_id: given.deviceId,
      initial_device_display_name: given.deviceName,
    });
    const { access_token: accessToken, device_id: deviceId, user_id: userId } = answer;
    if (typeof accessToken !== "string" || deviceId !== given.deviceId || userId !== given.userId) {
      throw new ChannelError({ fate: "unknown", detail: "malformed-answer" });
    }
    return { accessToken };
  }

  /** Resolves with the device the token belongs to. */
  async whoAmI(accessToken: string, signal: AbortSignal): Promise<unknown> {
    const answer = await this.call("GET", "/_matrix/client/v3/account/whoami", accessToken, signal);
    return answer["device_id"];
  }

  /** One request. Rejects with ApiRefusal when the answer is no success, with errors of `fetch` when there is none. */
  async call(
    method: "GET" | "POST" | "PUT",
    path: string,
    accessToken: string | undefined,
    signal: AbortSignal,
    body?: Record<string, unknown>,
  ): Promise<Record<string, unknown>> {
    const answer = await this.#fetch(new URL(path, this.#base), {
      method,
      signal: AbortSignal.any([signal, AbortSignal.timeout(DEADLINE_MS)]),
      headers: {
        "content-type": "application/json",
        ...(accessToken === undefined ? {} : { authorization: `Bearer ${accessToken}` }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (answer.ok) return readObject(await answer.text());
    const retryAfterMs = answer.status === 429 ? await silenceOf(answer.clone()) : undefined;
    throw new ApiRefusal(
      answer.status,
      await answer
        .text()
        .then(readObject)
        .catch(() => ({})),
      retryAfterMs,
    );
  }
}

/** The refusal in an error of ours or of the SDK, if the homeserver answered at all. */
export function refusalIn(error: unknown): { readonly status: number; readonly errcode: string } | undefined {
  if (error instanceof ApiRefusal) return error;
  if (error instanceof MatrixError) return { status: error.httpStatus ?? 0, errcode: error.errcode ?? "" };
  if (error instanceof HTTPError) return { status: error.httpStatus ?? 0, errcode: "" };
  return undefined;
}

function readObject(text: string): Record<string, unknown> {
  const value: unknown = JSON.parse(text);
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new SyntaxError("no JSON object");
  return value as Record<string, unknown>;
}
