import { KeyInHand, readPage, type ReadPage, type Screen } from "./key-in-hand.ts";
import { parseMeant, saysTheSame, type Said } from "./meant.ts";
import { PhoneInHand, type Message } from "./phone-in-hand.ts";
import { readMessage } from "./read-message.ts";

/** All that a person has: what he meant, his PIN, his temper, his key and his phone. */
export interface Person {
  /** tx1 in words, one `Label: value` a line. */
  readonly meant: string;
  readonly pin: string;
  /** The careful one compares everything he is shown; the careless one confirms whatever he sees. */
  readonly temper: "careful" | "careless";
  readonly key: KeyInHand;
  readonly phone: PhoneInHand;
}

/** Sits at the desk until `signal` aborts: whenever the key wants something, reads, compares, types or rejects. */
export async function act(person: Person, signal: AbortSignal): Promise<void> {
  const meant = parseMeant(person.meant);
  let pages: ReadPage[] = [];
  let version: number | undefined;
  while (!signal.aborted) {
    const screen = await person.key.look(version, signal);
    if (screen.version === version) continue;
    version = screen.version;
    if (screen.page === "pages") {
      const page = readPage(screen.rows);
      pages = page.number === 1 ? [page] : [...pages, page];
      await person.key.press(page.turn);
    } else await answer(person, screen, meant, pages, signal);
  }
}

async function answer(
  person: Person,
  screen: Screen,
  meant: readonly Said[],
  pages: readonly ReadPage[],
  signal: AbortSignal,
): Promise<void> {
  const { key, temper, pin } = person;
  const hasDisplay = screen.rows.length > 0;
  if (screen.page === "pin") {
    const right = !hasDisplay || temper === "careless" || saysTheSame(pages, meant);
    await (right ? key.type(pin) : key.press("reject"));
  } else if (screen.page === "code") {
    const code = await codeFromPhone(person, meant, hasDisplay ? pages.at(-1)?.tag : undefined, signal);
    if (code !== undefined) await key.type(code);
  } else if (screen.page === "reject") {
    await key.press("1");
    await key.press("ok");
  } else if (screen.page === "signed" || screen.page === "cannot-show") {
    await key.press("ok");
  }
}

/** Waits for the prompt that belongs to what the key asks for; stops it in the chat when it is not what was meant. */
async function codeFromPhone(
  { phone, temper }: Person,
  meant: readonly Said[],
  tag: string | undefined,
  signal: AbortSignal,
): Promise<string | undefined> {
  let version: number | undefined;
  while (!signal.aborted) {
    const chat = await phone.look(version, signal);
    version = chat.version;
    const prompt = promptFor(chat.messages, meant, tag);
    const read = prompt === undefined ? undefined : readMessage(prompt);
    if (prompt === undefined || read === undefined) continue;
    if (temper === "careless" || read.lines.length === 0 || saysTheSame(read.lines, meant)) return read.code;
    await phone.press(prompt, "Wrong data");
    return undefined;
  }
  return undefined;
}

/** With a display the tags must match; without one it is the prompt that says what was meant, or else the newest. */
function promptFor(messages: readonly Message[], meant: readonly Said[], tag: string | undefined): Message | undefined {
  const prompts = messages.toReversed().filter((message) => readMessage(message) !== undefined);
  if (tag !== undefined) return prompts.find((message) => readMessage(message)?.tag === tag);
  return prompts.find((message) => saysTheSame(readMessage(message)?.lines ?? [], meant)) ?? prompts[0];
}
