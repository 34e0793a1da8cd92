import { createServer, type Server } from "node:http";
import type { FakeSmsc } from "./fake-smsc.ts";
import type { SmscFault } from "./smsc-fault.ts";

const LONG_POLL_MS = 25_000;

/**
 * What a person sees and does, and what a test arranges:
 * - `GET /phone/NUMBER/messages[?after=V]` (waits up to 25 s for a version above V), `POST /phone/NUMBER/off`, `…/on`
 * - `GET /submitted` (what the bot asked for, codes included), `POST /report {"id","stat"}`, `POST /manners {…}`
 * - `POST /faults {…}`, `DELETE /faults`, `POST /nobody {"number"}`
 */
export function servePhones(smsc: FakeSmsc): Server {
  // A connection is its client's to close: one that the server closed as idle could have the next press on its way.
  return createServer({ keepAliveTimeout: 0 }, (request, response) => {
    const gone = new AbortController();
    response.once("close", () => gone.abort());
    const answered = async (): Promise<void> => {
      const chunks: Uint8Array[] = [];
      for await (const chunk of request) chunks.push(chunk as Uint8Array);
      const url = new URL(request.url ?? "/", "http://phones");
      const body = Buffer.concat(chunks).toString("utf8");
      const asked = { method: request.method ?? "", url, body: (body === "" ? {} : JSON.parse(body)) as Body };
      const answer = await perform(smsc, asked, gone.signal);
      response.writeHead(answer === undefined ? 404 : 200, { "content-type": "application/json" });
      response.end(JSON.stringify(answer ?? { error: "nothing of that name" }));
    };
    answered().catch(() => response.writeHead(400).end());
  });
}

type Body = Readonly<Record<string, unknown>>;
interface Asked {
  readonly method: string;
  readonly url: URL;
  readonly body: Body;
}

async function perform(smsc: FakeSmsc, { method, url, body }: Asked, gone: AbortSignal): Promise<unknown> {
  const [part, number = "", action] = url.pathname.slice(1).split("/").map(decodeURIComponent);
  if (part === "phone") return phone(smsc, `+${number.replace(/^[+ ]/, "")}`, `${method} ${action}`, url, gone);
  switch (`${method} ${url.pathname}`) {
    case "GET /submitted":
      return smsc.store.messages;
    case "POST /report":
      return { status: await smsc.report(String(body["id"]), String(body["stat"])) };
    case "POST /manners":
      return Object.assign(smsc.manners, body);
    case "POST /faults":
      smsc.faults.add(body as unknown as SmscFault);
      return { ok: true };
    case "DELETE /faults":
      smsc.faults.clear();
      return { ok: true };
    case "POST /nobody":
      smsc.store.nobody.add(String(body["number"]));
      return { ok: true };
    default:
      return undefined;
  }
}

async function phone(smsc: FakeSmsc, number: string, asked: string, url: URL, gone: AbortSignal): Promise<unknown> {
  const after = url.searchParams.get("after");
  switch (asked) {
    case "GET messages":
      if (after === null) return smsc.phones.at(number).view();
      return smsc.phones
        .at(number)
        .viewAfter(Number(after), AbortSignal.any([gone, AbortSignal.timeout(LONG_POLL_MS)]));
    case "POST off":
      smsc.phones.at(number).off = true;
      return { ok: true };
    case "POST on":
      smsc.store.switchOn(number);
      return { ok: true };
    default:
      return undefined;
  }
}
