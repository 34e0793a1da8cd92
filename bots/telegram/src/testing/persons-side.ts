import type { ServerResponse } from "node:http";
import { ApiRefusal } from "./api-refusal.ts";
import type { FakeBotApi } from "./fake-bot-api.ts";
import type { Fault } from "./faults.ts";
import { answer } from "./http-answer.ts";

interface Request {
  readonly method: string;
  readonly url: URL;
  readonly body: string;
}

const LONG_POLL_MS = 25_000;

/**
 * What the person does, and what the test arranges:
 * - `GET /phone/CHAT/messages[?after=V]` (waits up to 25 s for a version above V), `POST /phone/CHAT/send {"text"}`,
 *   `POST /phone/CHAT/press {"messageId","buttonId"}`, `POST /phone/CHAT/block`, `…/unblock`, `GET /phone/CHAT/pop-ups`
 * - `POST /groups/CHAT/say {"userId","text"}`, `POST /updates {…}` (any update as it is)
 * - `POST /faults {…}`, `DELETE /faults`, `POST /limits {"perBot","perChat","retryAfter"}`, `GET /history`
 */
export async function handlePersonsSide(fake: FakeBotApi, request: Request, response: ServerResponse): Promise<void> {
  try {
    answer(response, 200, await perform(fake, request, response));
  } catch (error) {
    const status = error instanceof ApiRefusal ? error.status : 400;
    answer(response, status, { error: error instanceof Error ? error.message : "refused" });
  }
}

async function perform(fake: FakeBotApi, request: Request, response: ServerResponse): Promise<unknown> {
  const { method, url } = request;
  const [part, id, action] = url.pathname.slice(1).split("/");
  const asked = `${method} /${part}`;
  if (part === "phone" && /^[1-9]\d{0,15}$/.test(id ?? "")) {
    return phone(fake, Number(id), `${method} ${action}`, request, response);
  }
  const body = request.body === "" ? {} : (JSON.parse(request.body) as Record<string, unknown>);
  if (asked === "POST /groups" && action === "say") {
    fake.api.joinGroup(Number(id), Number(body["userId"]), String(body["text"]));
    return { ok: true };
  }
  if (asked === "POST /updates") {
    fake.api.put(body);
    return { ok: true };
  }
  if (asked === "GET /history") return fake.history;
  if (asked === "POST /faults") fake.faults.add(body as unknown as Fault);
  else if (asked === "DELETE /faults") fake.faults.clear();
  else if (asked === "POST /limits") fake.rate.limits = body;
  else throw new ApiRefusal(404, `no ${method} ${url.pathname} here`);
  return { ok: true };
}

async function phone(
  fake: FakeBotApi,
  chatId: number,
  asked: string,
  request: Request,
  response: ServerResponse,
): Promise<unknown> {
  const body = request.body === "" ? {} : (JSON.parse(request.body) as Record<string, unknown>);
  const { api } = fake;
  switch (asked) {
    case "GET messages": {
      const after = request.url.searchParams.get("after");
      const chat = api.chats.get(chatId);
      if (after === null) return chat?.view() ?? { version: 0, messages: [] };
      const gone = new AbortController();
      response.once("close", () => gone.abort());
      return api
        .watch(chatId)
        .viewAfter(Number(after), AbortSignal.any([gone.signal, AbortSignal.timeout(LONG_POLL_MS)]));
    }
    case "GET pop-ups":
      return api.chats.get(chatId)?.popUps ?? [];
    case "POST send":
      if (typeof body["text"] !== "string" || body["text"] === "") throw new ApiRefusal(400, "text must be a string");
      api.say(chatId, body["text"]);
      return { ok: true };
    case "POST press":
      api.press(chatId, Number(body["messageId"]), String(body["buttonId"]));
      return { ok: true };
    case "POST block":
    case "POST unblock":
      api.setBlocked(chatId, asked === "POST block");
      return { ok: true };
    default:
      throw new ApiRefusal(404, `no ${asked} on a phone`);
  }
}
