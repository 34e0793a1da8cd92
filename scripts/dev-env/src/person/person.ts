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
  /** The messages that were on his phone before it all began; by default those that are there when he sits down. */
  readonly known?: readonly string[] | undefined;
}

/**
 * Sits at the desk until `signal` aborts: whenever the key wants something, reads, compares, types or rejects. `seated` is
 * called once he knows what his phone shows already: whatever comes from then on is new to him.
 */
export async function act(person: Person, signal: AbortSignal, seated: () => void = () => {}): Promise<void> {
  const meant = parseMeant(person.meant);
  const old = new Set(person.known ?? (await person.phone.messageIds(signal)));
  seated();
  let pages: readonly ReadPage[] = [];
  let version: number | undefined;
  while (!signal.aborted) {
    const screen = await person.key.look(version, signal);
    if (screen.version === version) continue;
    // Last words of what was signed before he sat down: an OK to them could land on a page that comes in their place.
    const isOver = version === undefined && screen.page === "signed";
    version = screen.version;
    if (isOver) continue;
    if (screen.page === "pages") {
      const page = readPage(screen.rows);
      pages = readOn(pages, page);
      await person.key.press(pages.length === 0 ? "back" : page.turn);
    } else {
      if (!AFTER_PAGES.has(screen.page)) pages = [];
      await answer(person, screen, { meant, pages, old }, signal);
    }
  }
}

/** Where what was read on the pages before still matters. */
const AFTER_PAGES: ReadonlySet<string> = new Set(["link-warning", "pin", "code"]);

/**
 * What he has read, with this page. Nothing where he has not read the page before it: a button that was pressed for what
 * the key showed before may have turned the first pages of what it asks for now, and he goes back to them.
 */
function readOn(pages: readonly ReadPage[], page: ReadPage): readonly ReadPage[] {
  if (page.number === 1) return [page];
  const before = pages.at(-1);
  if (before === undefined || before.number + 1 !== page.number) return [];
  if (page.tag === "" || before.tag === "")
    return [...pages, { ...page, tag: page.tag === "" ? before.tag : page.tag }];
  return page.tag === before.tag ? [...pages, page] : [];
}

/** What he has in mind while the key waits: what he meant, what the key showed, which messages he knew before. */
interface Mind {
  readonly meant: readonly Said[];
  readonly pages: readonly ReadPage[];
  readonly old: ReadonlySet<string>;
}

async function answer(person: Person, screen: Screen, mind: Mind, signal: AbortSignal): Promise<void> {
  const { key, temper, pin } = person;
  const hasDisplay = screen.rows.length > 0;
  const isUnread = hasDisplay && temper === "careful" && mind.pages.length === 0;
  if (isUnread && AFTER_PAGES.has(screen.page)) {
    await key.press("back");
  } else if (screen.page === "pin") {
    const right = !hasDisplay || temper === "careless" || saysTheSame(mind.pages, mind.meant);
    await (right ? key.type(pin) : key.press("reject"));
  } else if (screen.page === "code") {
    const code = await codeFromPhone(person, hasDisplay ? mind : { ...mind, pages: [] }, signal);
    if (code !== undefined) await key.type(code);
  } else if (screen.page === "reject") {
    await key.press("1");
    await key.press("ok");
  } else if (screen.page === "link-warning" || screen.page === "signed" || screen.page === "cannot-show") {
    await key.press("ok");
  }
}

/** Waits for the prompt that belongs to what the key asks for; stops it in the chat when it is not what was meant. */
async function codeFromPhone({ phone, temper }: Person, mind: Mind, signal: AbortSignal): Promise<string | undefined> {
  let version: number | undefined;
  while (!signal.aborted) {
    const chat = await phone.look(version, signal);
    version = chat.version;
    const prompt = promptFor(chat.messages, mind);
    const read = prompt === undefined ? undefined : readMessage(prompt);
    if (prompt === undefined || read === undefined) continue;
    if (temper === "careless" || read.lines.length === 0 || saysTheSame(read.lines, mind.meant)) return read.code;
    await phone.press(prompt, "Wrong data");
    return undefined;
  }
  return undefined;
}

/** The prompt with the key's tag, else the one that says what was meant, else the one that came since he sat down. */
function promptFor(messages: readonly Message[], { meant, pages, old }: Mind): Message | undefined {
  const tag = pages.at(-1)?.tag;
  const prompts = messages.toReversed().flatMap((message) => {
    const read = readMessage(message);
    return read === undefined ? [] : [{ message, read }];
  });
  const prompt =
    prompts.find(({ read }) => read.tag === tag) ??
    prompts.find(({ read }) => saysTheSame(read.lines, meant)) ??
    prompts.find(({ message }) => !old.has(message.id));
  return prompt?.message;
}
