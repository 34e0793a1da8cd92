/** What an update means to us. Everything in it is attacker-controlled, ids of people included, until Telegram vouches. */
export type Happening =
  | { readonly type: "said"; readonly person: Person; readonly text: string; readonly at: number }
  | { readonly type: "pressed"; readonly person: Person; readonly queryId: string; readonly data: string }
  | { readonly type: "gone"; readonly person: Person }
  /** Somebody brought us into a chat that is not his alone. */
  | { readonly type: "elsewhere"; readonly chatId: number }
  | { readonly type: "nothing" };

/** Who is on the other side of a one-to-one chat. */
export interface Person {
  readonly id: number;
  readonly name: string;
  readonly locale: string;
}

type Fields = Readonly<Record<string, unknown>>;

const NOTHING: Happening = { type: "nothing" };
const LONGEST_TEXT = 4096;
const LONGEST_DATA_BYTES = 64;

/**
 * Marks of a message whose words are not the sender's own at this moment: forwarded (by the names of every version of the
 * Bot API), put in by another bot, sent in the name of a channel or through a business account.
 */
const NOT_HIS_OWN = [
  "forward_origin",
  "forward_date",
  "forward_from",
  "forward_from_chat",
  "forward_sender_name",
  "is_automatic_forward",
  "via_bot",
  "sender_chat",
  "sender_business_bot",
  "business_connection_id",
  "guest_bot_caller_user",
] as const;

/** Id under which Telegram repeats an update; undefined: no update at all. */
export function readUpdateId(update: unknown): number | undefined {
  const id = isFields(update) ? update["update_id"] : undefined;
  return isPositive(id) ? id : undefined;
}

/**
 * Reads `message`. A message that is not the person's own words is handed on without them, so that a forwarded command or
 * link token does nothing and is answered as what the bot does not understand. No text: nothing.
 */
export function readMessage(message: unknown): Happening {
  const place = readPlace(message);
  if (place.person === undefined || !isFields(message)) return elsewhere(place.chatId);
  const { text, date } = message;
  if (typeof text !== "string" || text === "" || text.length > LONGEST_TEXT) return NOTHING;
  const own = NOT_HIS_OWN.every((mark) => !(mark in message));
  return { type: "said", person: place.person, text: own ? text : "", at: isPositive(date) ? date : 0 };
}

/** Reads `callback_query`: a press under a message of ours in the person's own chat. We send no inline messages. */
export function readPress(query: unknown): Happening {
  if (!isFields(query)) return NOTHING;
  const { id, data, message, from } = query;
  const chat = isFields(message) ? message["chat"] : undefined;
  const place = readPlace({ chat, from });
  if (place.person === undefined) return elsewhere(place.chatId);
  const wellFormed =
    typeof id === "string" &&
    /^[!-~]{1,64}$/.test(id) &&
    typeof data === "string" &&
    data !== "" &&
    Buffer.byteLength(data) <= LONGEST_DATA_BYTES;
  return wellFormed ? { type: "pressed", person: place.person, queryId: id, data } : NOTHING;
}

/** Reads `my_chat_member`: who blocks us is gone; who brings us elsewhere is left; coming back is no event of its own. */
export function readMembership(change: unknown): Happening {
  const place = readPlace(change);
  const member = isFields(change) ? change["new_chat_member"] : undefined;
  const status = isFields(member) ? member["status"] : undefined;
  const out = status === "kicked" || status === "left";
  if (place.person !== undefined) return out ? { type: "gone", person: place.person } : NOTHING;
  return out || typeof status !== "string" ? NOTHING : elsewhere(place.chatId);
}

function elsewhere(chatId: number | undefined): Happening {
  return chatId === undefined ? NOTHING : { type: "elsewhere", chatId };
}

/** The person, in a one-to-one chat with him: its id is his own. Else the id of the chat, if it is one to leave. */
function readPlace(holder: unknown): { readonly person?: Person; readonly chatId?: number } {
  const chat = isFields(holder) ? holder["chat"] : undefined;
  const from = isFields(holder) ? holder["from"] : undefined;
  if (!isFields(chat)) return {};
  const chatId = chat["id"];
  if (chat["type"] !== "private") return Number.isSafeInteger(chatId) && chatId !== 0 ? { chatId: Number(chatId) } : {};
  if (!isFields(from) || from["is_bot"] !== false || !isPositive(chatId) || from["id"] !== chatId) return {};
  const name = [from["first_name"], from["last_name"]].filter((part) => typeof part === "string").join(" ");
  const locale = from["language_code"];
  return { person: { id: chatId, name: name.trim(), locale: readLocale(locale) } };
}

function readLocale(tag: unknown): string {
  return typeof tag === "string" && /^[A-Za-z0-9-]{1,35}$/.test(tag) ? tag : "";
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isPositive(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) > 0;
}
