import type { Onlooker } from "../scenario.ts";
import { readPage, type ReadPage, type Screen } from "../person/key-in-hand.ts";
import { parseMeant, saysTheSame, type Said } from "../person/meant.ts";
import type { Message } from "../person/phone-in-hand.ts";
import { readMessage } from "../person/read-message.ts";
import { endingText } from "./ending-text.ts";

/** Tells a run as it happens, a fact a line: what key and phone show beside what was meant, and what came of it. */
export class Story implements Onlooker {
  readonly #meant: readonly Said[];
  readonly #write: (text: string) => void;
  #pages: ReadPage[] = [];
  /** The key asks for this transaction. */
  #isAsked = false;
  #reason = "";
  #old: ReadonlySet<string> | undefined;
  /** The core has the transaction, and the phone has not told an outcome. */
  #isOpen = false;
  #isPrompted = false;
  #phoneSaid = new Map<string, string>();
  #told = new Set<string>();

  /** `meant`: one `Label: value` a line. `write` takes whole lines. */
  constructor(meant: string, write: (text: string) => void) {
    this.#meant = parseMeant(meant);
    this.#write = write;
  }

  begin(): void {
    if (this.#meant.length > 0) this.tell("you meant", ...table(this.#meant));
  }

  /** One fact; further lines stand under the first. */
  tell(who: string, first: string, ...more: readonly string[]): void {
    this.#write([`  ${who.padEnd(13)} ${first}`, ...more.map((line) => `${" ".repeat(16)}${line}`)].join("\n"));
  }

  key({ page, rows, lights }: Screen): void {
    if (rows.length === 0 && lights.pin) this.#once("key shows", "nothing: it has no display");
    if (page === "pages") this.#turn(readPage(rows));
    else if (this.#pages.length > 0) this.#tellPages();
    if (page === "cannot-show")
      this.#once(
        "key shows",
        rows
          .map((row) => row.trim())
          .filter(Boolean)
          .join(" · "),
      );
    // The last words of what was signed before stay on the display for a while.
    if (page === "signed" && this.#isAsked) this.#tellSigned(rows);
    this.#isAsked = page !== "signed" && (this.#isAsked || page === "pages" || lights.pin);
    if (page === "reject") this.#reason = chosen(rows);
  }

  phone(messages: readonly Message[]): void {
    this.#old ??= new Set(messages.map(({ id }) => id));
    for (const message of messages) {
      if (this.#old.has(message.id)) continue;
      const prompt = readMessage(message);
      if (prompt !== undefined) this.#tellPrompt(prompt.lines);
      else this.#tellOutcome(message);
    }
  }

  /** Takes a line of the client's NDJSON. */
  client(line: string): void {
    const said = parsed(line);
    if (said === undefined) return;
    if (said["tag"] !== undefined) this.#isOpen = true;
    if (said["step"] === "TRY_AGAIN") this.tell("client says", "Not confirmed yet. Look at your key and phone");
    if (typeof said["message"] === "string") this.tell("client says", said["message"].replaceAll(/\n\s*/g, " · "));
    else if (said["final"] === true) this.tell("client says", endingText(Number(said["exit"]), said));
  }

  over(): void {
    if (this.#isOpen && this.#isPrompted) this.tell("phone shows", "still the prompt: nothing has happened yet");
  }

  #turn(page: ReadPage): void {
    this.#pages = page.number === 1 ? [page] : [...this.#pages, page];
  }

  #tellSigned(rows: readonly string[]): void {
    const rejected = rows[0]?.startsWith("REJECTED") === true;
    this.tell("you", rejected ? `reject on the key${this.#reason}` : "confirm on the key with PIN and code");
  }

  #tellPages(): void {
    const pages = this.#pages;
    this.#pages = [];
    this.#once("key shows", ...this.#beside(pages));
  }

  #tellPrompt(lines: readonly Said[]): void {
    this.#isPrompted = true;
    if (lines.length === 0) this.#once("phone shows", "the code, without the details");
    else {
      const [first, ...more] = this.#beside(lines);
      this.#once("phone shows", `${first}, and a code`, ...more);
    }
  }

  /** The first words under the heading: `✔ Executed …`, `⛔ Stopped by you …`, `Withdrawn by … · nothing was sent`. */
  #tellOutcome({ id, text }: Message): void {
    const said = text.split("\n\n")[1]?.split("\n")[0] ?? text.split("\n")[0] ?? "";
    const isEnd = /^[^\p{L}\p{N}\s]/u.test(said) || said.endsWith("nothing was sent");
    const isOutcome = isEnd && !said.startsWith("✔ Confirmed");
    if (!isOutcome || this.#phoneSaid.get(id) === said) return;
    this.#phoneSaid.set(id, said);
    this.#isOpen = false;
    this.tell("phone says", said);
  }

  #once(who: string, first: string, ...more: readonly string[]): void {
    const fact = [who, first, ...more].join("\n");
    if (this.#told.has(fact)) return;
    this.#told.add(fact);
    this.tell(who, first, ...more);
  }

  /** What is shown, told by how it differs from what was meant. */
  #beside(shown: readonly Said[]): [string, ...string[]] {
    if (saysTheSame(shown, this.#meant)) return ["the same"];
    const other = shown.filter((line) => !this.#wasMeant(line));
    return other.length === 0 ? ["not the same lines"] : ["something else", ...table(other)];
  }

  #wasMeant({ label, value }: Said): boolean {
    const whole = this.#meant.filter((said) => said.label === label).map((said) => bare(said.value));
    return whole.join("").includes(bare(value));
  }
}

const bare = (text: string): string => text.replaceAll(/\s/g, "");

function table(lines: readonly Said[]): [string, ...string[]] {
  const width = Math.max(...lines.map(({ label }) => label.length));
  const [first = "", ...more] = lines.map(
    ({ label, value }) => `${label.padEnd(width)}  ${value.replaceAll(/ {2,}/g, " ")}`,
  );
  return [first, ...more];
}

/** The reason with the mark before it, on the page where a person says why; the scripted user is too quick to be seen. */
function chosen(rows: readonly string[]): string {
  const reason = rows.find((row) => row[1] === "▶");
  return reason === undefined ? "" : `: ${reason.slice(2).trim()}`;
}

function parsed(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return JSON.parse(line) as Readonly<Record<string, unknown>>;
  } catch {
    return undefined;
  }
}
