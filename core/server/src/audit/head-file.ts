// Heads in a file of their own: one a line, appended and on the disk before the next. docs/protocol/audit.md section 5.
import { open, type FileHandle } from "node:fs/promises";
import { openAuditHead } from "@countersign/protocol";
import type { CoreGiven } from "../given.ts";
import type { HeadPlace } from "./head-publishing.ts";
import { HEAD_SHARD, headCountKey, headOf, KEPT_HEADS } from "./stored-heads.ts";

/** Longer than two of the longest lines: the last whole one lies in it. */
const TAIL_BYTES = 512 * 1024;
const NEW_LINE = 0x0a;

export class HeadFile implements HeadPlace {
  readonly name: string;
  readonly #given: CoreGiven;
  readonly #path: string;
  /** Of the last head that it holds; undefined: it was not looked at. */
  #last: number | undefined;

  constructor(given: CoreGiven, path: string) {
    this.#given = given;
    this.#path = path;
    this.name = path;
  }

  async publish(): Promise<void> {
    const newest = (await this.#given.store.load(HEAD_SHARD, headCountKey)).entities[0].body?.number ?? 0;
    this.#last ??= await this.#readLast();
    if (this.#last > newest) {
      // What is signed from now on contradicts what stands there, and that is what the file is for.
      this.#given.log.error(
        { file: this.#path, published: this.#last, stored: newest, alarm: true },
        "ALARM: the store has fewer audit heads than were published: it was set back",
      );
      this.#last = newest;
    }
    for (let number = Math.max(this.#last, newest - KEPT_HEADS) + 1; number <= newest; number++) {
      const head = await headOf(this.#given, number);
      if (head !== undefined) await this.#append(head.line);
      this.#last = number;
    }
  }

  async #append(line: string): Promise<void> {
    const file = await open(this.#path, "a", 0o644);
    try {
      await file.writeFile(`${line}\n`);
      await file.datasync();
    } finally {
      await file.close();
    }
  }

  /** What a crash left of a line is cut off. */
  async #readLast(): Promise<number> {
    const file = await open(this.#path, "a+", 0o644);
    try {
      const { size } = await file.stat();
      const tail = await tailOf(file, size);
      const end = tail.lastIndexOf(NEW_LINE) + 1;
      if (end < tail.length) await file.truncate(size - tail.length + end);
      if (end === 0) return 0;
      const line = tail.subarray(tail.lastIndexOf(NEW_LINE, end - 2) + 1, end - 1).toString("utf8");
      const { serverId, secrets } = this.#given;
      const head = openAuditHead(line, { serverId, publicKeys: [secrets.publicKey] });
      if (typeof head !== "string") return head.number;
      throw new Error(`${this.#path}: its last line is not a head of this installation; name another file`);
    } finally {
      await file.close();
    }
  }
}

async function tailOf(file: FileHandle, size: number): Promise<Buffer> {
  const length = Math.min(size, TAIL_BYTES);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length);
  return buffer.subarray(0, bytesRead);
}
