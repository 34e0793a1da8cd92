import { entryLine, opaqueLine, partLine, sha256, utf8, type OpenedHead, type Place } from "@countersign/protocol";
import { encodeEntry } from "../audit/audit-entry.ts";
import type { CoreGiven } from "../given.ts";
import type { AuditEntry } from "../store/store.ts";

/** Lines and characters of a message: what an export takes in memory, however slow its reader is. */
const MOST_LINES = 1000;
const MOST_CHARACTERS = 256 * 1024;

/** Whose export it is, and where it ends. */
export interface ExportOf {
  /** "": all are shown. */
  readonly tenant: string;
  readonly head: OpenedHead;
}

/** Lines that go out together; those of one tenant's export with a signature over them. */
export class ExportMessage {
  readonly #given: CoreGiven;
  readonly #of: ExportOf;
  #lines: string[] = [];
  #characters = 0;
  #first: Place | undefined;
  #last: Place | undefined;

  constructor(given: CoreGiven, of: ExportOf) {
    this.#given = given;
    this.#of = of;
  }

  /** Whether it is shown. */
  add(entry: AuditEntry): boolean {
    const { tenant } = this.#of;
    const isShown = tenant === "" || isOf(entry, tenant);
    const line = isShown ? entryLine(entry.hash, encodeEntry(entry)) : opaqueLine(entry, entry.hash);
    this.#lines.push(line);
    this.#characters += line.length;
    const place = { shard: entry.shard, seq: entry.seq };
    this.#first ??= place;
    this.#last = place;
    return isShown;
  }

  get isFull(): boolean {
    return this.#lines.length >= MOST_LINES || this.#characters >= MOST_CHARACTERS;
  }

  take(): readonly string[] {
    const { tenant, head } = this.#of;
    const { serverId, secrets } = this.#given;
    const [lines, first, last] = [this.#lines, this.#first, this.#last];
    [this.#lines, this.#characters, this.#first] = [[], 0, undefined];
    if (tenant === "" || first === undefined || last === undefined) return lines;
    const digest = sha256(utf8(lines.map((line) => `${line}\n`).join("")));
    return [...lines, partLine({ digest, first, last, root: head.root, serverId, tenant }, secrets.sign)];
  }
}

/** Nothing in it is another tenant's; what belongs to the installation and was written with it is told with it. */
function isOf({ events, versions }: AuditEntry, tenant: string): boolean {
  return events.every((event) => event.tenant === tenant) && versions.every(([, of]) => of === tenant || of === "");
}
