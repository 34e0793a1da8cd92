// What a text means to the administrators' bot. Everything in it is attacker-controlled until the desk has looked who wrote it.

/** Commands in the order of /help and of a provider's menu. */
export const ORDER_NAMES = [
  "status",
  "channels",
  "pending",
  "tx",
  "freeze",
  "pause",
  "audit",
  "whoami",
  "help",
] as const;
export type OrderName = (typeof ORDER_NAMES)[number];

/** Which transaction is meant: by its two words, as many as have them, or by its id. */
export type Wanted = { readonly tag: string } | { readonly id: string };

/** What is to be done. */
export type Order =
  | { readonly name: "status" | "channels" | "pending" | "audit" | "whoami" | "help" }
  | { readonly name: "tx"; readonly wanted: Wanted }
  /** `tenant`: its name or id, where the user's name is not enough; "": none is named. */
  | { readonly name: "freeze"; readonly user: string; readonly tenant: string }
  /** `bot`: its name, its platform or its id. */
  | { readonly name: "pause"; readonly bot: string; readonly tenant: string };

/** What is wrong with an argument. */
export type Mistake = "takes-nothing" | "needs-tx" | "bad-tx" | "needs-user" | "bad-user" | "needs-bot" | "bad-bot";

/** A text, read. */
export type Read =
  | { readonly type: "order"; readonly order: Order }
  | { readonly type: "mistake"; readonly mistake: Mistake; readonly name: OrderName }
  /** Something that loosens: it is not done from a chat. */
  | { readonly type: "loosens"; readonly name: string }
  | { readonly type: "unknown" };

/** What people try, because it would undo what they can do here. Nothing of it exists. */
const LOOSENING: readonly string[] = [
  ...["approve", "confirm", "resume", "unpause", "thaw", "unfreeze", "unsuspend", "enable"],
  ...["link", "invite", "policy", "token", "create"],
];

// Phones write the first letter large by themselves, Chinese keyboards the sign wide; some programs keep `/` to themselves.
const COMMAND = /^[/!\uFF0F\uFF01]([A-Za-z]{1,16})(?:@\w{1,64})?(?:\s+(\S[^]*))?$/u;
const TAG = /^[A-Za-z]{1,16}[\s·-]+[A-Za-z]{1,16}$/;
const ID = /^[0-9a-f]{32}$/i;
const USER = /^[A-Za-z0-9._@+-]{1,64}$/;
const BOT = /^[a-z0-9-]{1,32}$/i;
const LONGEST_TEXT = 200;

/** Reads `/command@bot argument`. */
export function readOrder(text: string): Read {
  const trimmed = text.trim();
  const match = trimmed.length > LONGEST_TEXT ? null : COMMAND.exec(trimmed);
  if (match === null) return { type: "unknown" };
  const name = (match[1] ?? "").toLowerCase();
  const words = (match[2] ?? "").split(/\s+/u).filter((word) => word !== "");
  if (name === "start") return { type: "order", order: { name: "help" } };
  if (LOOSENING.includes(name)) return { type: "loosens", name };
  const known = ORDER_NAMES.find((one) => one === name);
  return known === undefined ? { type: "unknown" } : readArguments(known, words);
}

function readArguments(name: OrderName, words: readonly string[]): Read {
  switch (name) {
    case "tx":
      return readTx(words);
    case "freeze":
      return readFreeze(words);
    case "pause":
      return readPause(words);
    case "status":
    case "channels":
    case "pending":
    case "audit":
    case "whoami":
    case "help":
      return words.length === 0
        ? { type: "order", order: { name } }
        : { type: "mistake", mistake: "takes-nothing", name };
  }
}

function readTx(words: readonly string[]): Read {
  const name = "tx";
  const text = words.join(" ");
  if (text === "") return { type: "mistake", mistake: "needs-tx", name };
  if (ID.test(text)) return { type: "order", order: { name, wanted: { id: text.toLowerCase() } } };
  if (!TAG.test(text)) return { type: "mistake", mistake: "bad-tx", name };
  return { type: "order", order: { name, wanted: { tag: text.toUpperCase().replace(/[\s·-]+/, " ") } } };
}

function readFreeze([user = "", ...rest]: readonly string[]): Read {
  const name = "freeze";
  if (user === "") return { type: "mistake", mistake: "needs-user", name };
  if (!USER.test(user)) return { type: "mistake", mistake: "bad-user", name };
  return { type: "order", order: { name, user, tenant: rest.join(" ") } };
}

function readPause([bot = "", ...rest]: readonly string[]): Read {
  const name = "pause";
  if (bot === "") return { type: "mistake", mistake: "needs-bot", name };
  if (!BOT.test(bot)) return { type: "mistake", mistake: "bad-bot", name };
  return { type: "order", order: { name, bot: bot.toLowerCase(), tenant: rest.join(" ") } };
}

/** Only these change anything: they stop, and are not carried out when they are old. */
export function isStop({ name }: Order): boolean {
  return name === "freeze" || name === "pause";
}
