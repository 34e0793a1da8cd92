import { randomUUID } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";

/** A copy of a payment file that says the same under another message id, so that it is no duplicate of the last one. */
export function freshFile(file: string, folder: string): string {
  const id = randomUUID().replaceAll("-", "");
  const text = readFileSync(file, "utf8").replace(/<MsgId>[^<]*<\/MsgId>/, `<MsgId>${id}</MsgId>`);
  const copy = join(folder, `${id}-${basename(file)}`);
  writeFileSync(copy, text);
  return copy;
}
