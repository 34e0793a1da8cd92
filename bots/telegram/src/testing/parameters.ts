import { badRequest } from "./api-refusal.ts";

/** Returns what is wrong with a value, or undefined. */
type Check = (value: unknown) => string | undefined;
interface Parameter {
  readonly check: Check;
  readonly required?: true;
}
type Shape = Readonly<Record<string, Parameter>>;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const integer: Check = (value) => (Number.isSafeInteger(value) ? undefined : "must be an integer");
const text: Check = (value) => (typeof value === "string" ? undefined : "must be a string");
const flag: Check = (value) => (typeof value === "boolean" ? undefined : "must be a boolean");
const yes: Check = (value) => (value === true ? undefined : "must be true in a message of ours");
const oneOf =
  (...values: readonly string[]): Check =>
  (value) =>
    values.includes(String(value)) ? undefined : `must be one of ${values.join(", ")}`;
const list =
  (item: Check): Check =>
  (value) =>
    Array.isArray(value) ? value.map(item).find((problem) => problem !== undefined) : "must be an array";
const object =
  (shape: Shape): Check =>
  (value) =>
    isObject(value) ? findProblem(value, shape) : "must be an object";
const needed = (check: Check): Parameter => ({ check, required: true });
const optional = (check: Check): Parameter => ({ check });

function findProblem(values: Record<string, unknown>, shape: Shape): string | undefined {
  const unknown = Object.keys(values).find((name) => !Object.hasOwn(shape, name));
  if (unknown !== undefined) return `has no parameter "${unknown}"`;
  for (const [name, { check, required }] of Object.entries(shape)) {
    const given = values[name];
    if (given === undefined) {
      if (required === true) return `needs "${name}"`;
      continue;
    }
    const problem = check(given);
    if (problem !== undefined) return `"${name}" ${problem}`;
  }
  return undefined;
}

const ENTITY = object({
  type: needed(oneOf("bold", "italic", "underline", "strikethrough", "spoiler", "code", "pre")),
  offset: needed(integer),
  length: needed(integer),
});
const BUTTON = object({ text: needed(text), callback_data: needed(text) });
const KEYBOARD = object({ inline_keyboard: needed(list(list(BUTTON))) });
const NO_PREVIEW = object({ is_disabled: needed(yes) });
const MESSAGE = {
  chat_id: needed(integer),
  text: needed(text),
  entities: optional(list(ENTITY)),
  link_preview_options: needed(NO_PREVIEW),
  reply_markup: optional(KEYBOARD),
} as const;

/** Every method and parameter the fake knows. Others are refused, so that a typo or a new habit is seen at once. */
const METHODS: Readonly<Record<string, Shape>> = {
  getMe: {},
  getUpdates: {
    offset: optional(integer),
    limit: optional(integer),
    timeout: optional(integer),
    allowed_updates: optional(list(text)),
  },
  setWebhook: {
    url: needed(text),
    secret_token: optional(text),
    allowed_updates: optional(list(text)),
    max_connections: optional(integer),
    drop_pending_updates: optional(flag),
  },
  deleteWebhook: { drop_pending_updates: optional(flag) },
  getWebhookInfo: {},
  setMyCommands: {
    commands: needed(list(object({ command: needed(text), description: needed(text) }))),
    scope: optional(object({ type: needed(text) })),
    language_code: optional(text),
  },
  // Telegram knows these two as optional; a message of ours without them is a mistake.
  sendMessage: { ...MESSAGE, protect_content: needed(yes), disable_notification: optional(flag) },
  // Telegram takes an edit without reply_markup and removes the keyboard. Ours say each time what stays: [] for nothing.
  editMessageText: { ...MESSAGE, message_id: needed(integer), reply_markup: needed(KEYBOARD) },
  deleteMessage: { chat_id: needed(integer), message_id: needed(integer) },
  answerCallbackQuery: {
    callback_query_id: needed(text),
    text: optional(text),
    show_alert: optional(flag),
  },
  leaveChat: { chat_id: needed(integer) },
};

/** Parameters after checking; the methods read them by their declared types. */
export type Parameters = Readonly<Record<string, unknown>>;

/** Checks names and types. Throws 404 for an unknown method and 400, naming the parameter, for everything else. */
export function checkParameters(method: string, body: unknown): Parameters {
  const shape = Object.hasOwn(METHODS, method) ? METHODS[method] : undefined;
  if (shape === undefined) throw badRequest(`FAKE: the method ${method} is not known here`);
  if (!isObject(body)) throw badRequest("FAKE: the body must be a JSON object");
  const problem = findProblem(body, shape);
  if (problem !== undefined) throw badRequest(`FAKE: ${method} ${problem}`);
  return body;
}

interface Entity {
  readonly type: string;
  readonly offset: number;
  readonly length: number;
}
interface Keyboard {
  readonly inline_keyboard: readonly (readonly { readonly text: string; readonly callback_data: string }[])[];
}

/** The content of a message as the phone gets it. */
export interface Content {
  readonly text: string;
  readonly entities: readonly Entity[];
  readonly keyboard: Keyboard["inline_keyboard"];
}

/** Telegram's own limits on a text with its buttons. `tooLong` is worded differently for sends and edits. */
export function readContent(parameters: Parameters, tooLong: string): Content {
  const body = parameters["text"] as string;
  const entities = (parameters["entities"] ?? []) as readonly Entity[];
  const keyboard = (parameters["reply_markup"] as Keyboard | undefined)?.inline_keyboard ?? [];
  if (body.trim() === "") throw badRequest("message text is empty");
  if (body !== body.trim()) throw badRequest("FAKE: Telegram would trim this text");
  if (body.length > 4096) throw badRequest(tooLong);
  if (!body.isWellFormed()) throw badRequest("strings must be encoded in UTF-8");
  if (entities.length > 100) throw badRequest("FAKE: Telegram would ignore entities beyond 100");
  for (const { offset, length } of entities) {
    if (offset < 0 || length <= 0 || offset + length > body.length) throw badRequest("ENTITY_BOUNDS_INVALID");
  }
  for (const button of keyboard.flat()) {
    if (button.text === "") throw badRequest("BUTTON_TEXT_INVALID");
    const bytes = Buffer.byteLength(button.callback_data);
    if (bytes < 1 || bytes > 64) throw badRequest("BUTTON_DATA_INVALID");
  }
  return { text: body, entities, keyboard };
}
