import * as v from "valibot";

/** One rule of what an answer means: the first whose status and body match. */
export interface FailureRule {
  readonly status?: readonly number[] | undefined;
  readonly body?: RegExp | undefined;
  readonly fate: "not-sent" | "unknown" | "permanent";
  /** The number is nobody's: the link is dead, not the message alone. */
  readonly blocked?: boolean | undefined;
  readonly retryAfterMs?: number | undefined;
}

/** How a gateway is spoken to: what an operator writes instead of code. Placeholders: `fill.ts`. */
export interface GatewayTemplate {
  readonly method: "GET" | "POST" | "PUT";
  readonly url: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly basicAuth?: { readonly user: string; readonly password: string } | undefined;
  readonly form?: Readonly<Record<string, string>> | undefined;
  readonly json?: Json | undefined;
  /** What stands for {alphabet}. */
  readonly alphabets?: { readonly gsm7: string; readonly ucs2: string } | undefined;
  /** False: the gateway cannot be told the alphabet, or mistakes GSM 7-bit: a segment holds 70 characters. */
  readonly gsm7: boolean;
  /** {validityMinutes} is rounded up: a message may reach the phone up to a minute after its end. */
  readonly roundValidityUp: boolean;
  /** The group `id` of `body` is the gateway's id of the message; without one it is {ref}. */
  readonly success: { readonly status: readonly number[]; readonly body?: RegExp | undefined };
  readonly failures: readonly FailureRule[];
  /** Parameters of a delivery report. */
  readonly receipt?:
    | {
        /** Names the message, by the gateway's id or by {ref}: one of the two. */
        readonly id?: string | undefined;
        readonly ref?: string | undefined;
        /** The number, for reports of messages that an earlier process sent. */
        readonly to?: string | undefined;
        readonly status: string;
        readonly reached: RegExp;
        readonly failed: RegExp;
      }
    | undefined;
}

const text = v.pipe(v.string(), v.maxLength(2_000));
const field = v.pipe(v.string(), v.regex(/^[A-Za-z0-9_.[\]-]{1,64}$/, "a name of letters, digits and _.-[]"));
const fields = v.record(field, text);
const headerName = v.pipe(v.string(), v.regex(/^[A-Za-z0-9-]{1,64}$/, "the name of a header"));
const status = v.pipe(v.number(), v.integer(), v.minValue(200), v.maxValue(599));
const pattern = v.pipe(
  v.string(),
  v.check((source) => compiles(source), "a regular expression"),
  v.transform((source) => new RegExp(source, "u")),
);

function compiles(source: string): boolean {
  try {
    void new RegExp(source, "u");
    return true;
  } catch {
    return false;
  }
}

/** A JSON body as the template has it. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };
const json: v.GenericSchema<Json> = v.lazy(() =>
  v.union([text, v.number(), v.boolean(), v.null(), v.array(json), v.record(v.string(), json)]),
);

const failure = v.strictObject({
  status: v.optional(v.array(status)),
  body: v.optional(pattern),
  fate: v.picklist(["not-sent", "unknown", "permanent"]),
  blocked: v.optional(v.boolean()),
  retryAfterMs: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(3_600_000))),
});

const schema = v.strictObject({
  method: v.picklist(["GET", "POST", "PUT"]),
  url: v.pipe(v.string(), v.url()),
  query: v.optional(fields, {}),
  headers: v.optional(v.record(headerName, text), {}),
  basicAuth: v.optional(v.strictObject({ user: text, password: text })),
  form: v.optional(fields),
  json: v.optional(json),
  alphabets: v.optional(v.strictObject({ gsm7: v.string(), ucs2: v.string() })),
  gsm7: v.optional(v.boolean(), true),
  roundValidityUp: v.optional(v.boolean(), false),
  success: v.strictObject({ status: v.array(status), body: v.optional(pattern) }),
  failures: v.optional(v.array(failure), []),
  receipt: v.optional(
    v.strictObject({
      id: v.optional(field),
      ref: v.optional(field),
      to: v.optional(field),
      status: field,
      reached: pattern,
      failed: pattern,
    }),
  ),
});

/** Reads a template. Throws an error that names the member and what it must be. */
export function readTemplate(source: string): GatewayTemplate {
  const read = v.safeParse(schema, parse(source));
  if (!read.success) {
    const [issue] = read.issues;
    throw new Error(`gateway template: ${v.getDotPath(issue) ?? "the file"}: ${issue.message}`);
  }
  const template = read.output;
  const wrong = contradiction(template);
  if (wrong !== undefined) throw new Error(`gateway template: ${wrong}`);
  return template;
}

function parse(source: string): unknown {
  try {
    return JSON.parse(source);
  } catch {
    throw new Error("gateway template: the file is not JSON");
  }
}

function contradiction({ method, url, form, json: body, receipt }: GatewayTemplate): string | undefined {
  const { protocol, search, hash, username, password } = new URL(url);
  if (protocol !== "http:" && protocol !== "https:") return "url: must be http or https";
  if (search !== "" || hash !== "") return "url: parameters stand in query";
  if (username !== "" || password !== "") return "url: user and password stand in basicAuth, as {secret:NAME}";
  if (form !== undefined && body !== undefined) return "form, json: one of them";
  if (method === "GET" && (form !== undefined || body !== undefined)) return "form, json: not with GET";
  if (receipt !== undefined && (receipt.id === undefined) === (receipt.ref === undefined)) {
    return "receipt: id or ref, one of them";
  }
  return undefined;
}
