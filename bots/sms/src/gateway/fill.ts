import type { Secret } from "@countersign/bot-kit";
import type { GatewayTemplate, Json } from "./template.ts";

/** What stands for the placeholders of one message. Undefined: the field that asks for it is left out. */
export interface Values {
  readonly to: string;
  readonly toDigits: string;
  readonly text: string;
  readonly sender: string | undefined;
  readonly ref: string;
  readonly alphabet: string | undefined;
  readonly validityMinutes: string | undefined;
  readonly validitySeconds: string | undefined;
  readonly validUntil: string | undefined;
  readonly receiptUrl: string | undefined;
}

/** A request, ready to be written. */
export interface FilledRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

type Name = keyof Values;
const NAMES: readonly string[] = [
  ...["to", "toDigits", "text", "sender", "ref", "alphabet"],
  ...["validityMinutes", "validitySeconds", "validUntil", "receiptUrl"],
];
const NUMERIC: readonly string[] = ["validityMinutes", "validitySeconds"];
// In a path and in headers stands only what cannot change what they mean.
const IN_PATH: readonly string[] = ["to", "toDigits", "ref"];
const IN_HEADER: readonly string[] = ["to", "toDigits", "ref", "sender", "receiptUrl"];
const PLACEHOLDER = /\{(secret:[A-Za-z0-9_-]{1,64}|[A-Za-z]+)\}/g;
const SECRET = "secret:";

/**
 * Fills a template in for each message. Values are put in before each place is encoded as a whole (query and form
 * percent-encoded, JSON serialised), so that no value can end the place it stands in.
 */
export class TemplateFiller {
  readonly #template: GatewayTemplate;
  readonly #secrets: ReadonlyMap<string, Secret>;

  /** Throws an error that names a placeholder which is unknown, has no file, or must not stand where it does. */
  constructor(template: GatewayTemplate, secrets: ReadonlyMap<string, Secret>) {
    this.#template = template;
    this.#secrets = secrets;
    const { url, query, headers, basicAuth, form = {}, json = null } = template;
    this.#check("url", [url], IN_PATH);
    this.#check("headers", Object.values(headers), IN_HEADER, true);
    this.#check("basicAuth", Object.values(basicAuth ?? {}), [], true);
    this.#check("query", Object.values(query), NAMES, true);
    this.#check("form", Object.values(form), NAMES, true);
    this.#check("json", leaves(json), NAMES, true);
    if (/[{}]/.test(/^https?:\/\/[^/]*/.exec(url)?.[0] ?? "{"))
      throw new Error("gateway template: url: a placeholder in its host");
  }

  /** Whether a placeholder stands anywhere: what nobody asks for need not be made. */
  uses(name: Name): boolean {
    return JSON.stringify(this.#template).includes(`{${name}}`);
  }

  requestFor(values: Values): FilledRequest {
    const { method, query, headers: given, basicAuth, form, json } = this.#template;
    const url = new URL(
      this.#template.url.replace(PLACEHOLDER, (_, name: Name) => encodeURIComponent(values[name] ?? "")),
    );
    url.search = this.#parameters(query, values).toString();
    const headers: Record<string, string> = Object.fromEntries(this.#parameters(given, values));
    if (basicAuth !== undefined) {
      const pair = `${this.#text(basicAuth.user, values)}:${this.#text(basicAuth.password, values)}`;
      headers["authorization"] = `Basic ${Buffer.from(pair).toString("base64")}`;
    }
    if (form !== undefined) {
      headers["content-type"] = "application/x-www-form-urlencoded";
      return { method, url, headers, body: this.#parameters(form, values).toString() };
    }
    if (json === undefined) return { method, url, headers, body: "" };
    headers["content-type"] = "application/json";
    return { method, url, headers, body: JSON.stringify(this.#json(json, values) ?? null) };
  }

  #check(place: string, texts: readonly string[], allowed: readonly string[], secrets: boolean = false): void {
    for (const text of texts) {
      for (const [, name = ""] of text.matchAll(PLACEHOLDER)) {
        const secret = name.startsWith(SECRET) ? name.slice(SECRET.length) : undefined;
        const fits = secret === undefined ? allowed.includes(name) : secrets;
        if (!fits) throw new Error(`gateway template: ${place}: {${name}} has no meaning here`);
        if (secret !== undefined && !this.#secrets.has(secret)) {
          throw new Error(`gateway template: ${place}: {${name}} needs --secret ${secret}=FILE`);
        }
      }
      if (/\{receiptUrl\}/.test(text) && !/^\{receiptUrl\}(?![\s\S]*\{(?:text|secret:))/.test(text)) {
        throw new Error(
          `gateway template: ${place}: {receiptUrl} begins its field, without {text} and secrets after it`,
        );
      }
    }
  }

  #parameters(fields: Readonly<Record<string, string>>, values: Values): URLSearchParams {
    const parameters = new URLSearchParams();
    for (const [name, text] of Object.entries(fields)) {
      const filled = this.#text(text, values);
      if (filled !== undefined) parameters.append(name, filled);
    }
    return parameters;
  }

  // Values behind {receiptUrl} are parameters of that URL, and are encoded for it first.
  #text(text: string, values: Values): string | undefined {
    let complete = true;
    const inUrl = text.startsWith("{receiptUrl}");
    const filled = text.replace(PLACEHOLDER, (_, name: string) => {
      if (name.startsWith(SECRET)) return this.#secrets.get(name.slice(SECRET.length))?.reveal() ?? "";
      const value = values[name as Name];
      if (value === undefined) complete = false;
      return inUrl && name !== "receiptUrl" ? encodeURIComponent(value ?? "") : (value ?? "");
    });
    return complete ? filled : undefined;
  }

  #json(json: Json, values: Values): Json | undefined {
    if (typeof json === "string") {
      const filled = this.#text(json, values);
      const alone = NUMERIC.some((name) => json === `{${name}}`);
      return alone && filled !== undefined ? Number(filled) : filled;
    }
    if (json === null || typeof json !== "object") return json;
    if (Array.isArray(json)) {
      return json.map((item: Json) => this.#json(item, values)).filter((item) => item !== undefined);
    }
    const filled = Object.entries(json).map(([name, item]) => [name, this.#json(item, values)] as const);
    return Object.fromEntries(filled.filter(([, item]) => item !== undefined)) as Json;
  }
}

function leaves(json: Json): string[] {
  if (typeof json === "string") return [json];
  if (json === null || typeof json !== "object") return [];
  return Object.values(json).flatMap((item) => leaves(item));
}
