import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";

/** Secrets of a run, or places they must not lie in, by what they are called. */
export type Named = ReadonlyMap<string, Uint8Array>;

/**
 * Every file below a folder by its path from there, but for the parts that are there to hold secrets. Whoever works there
 * may go on: a file that is gone when it is read holds nothing any more, and one that took its place is read instead.
 */
export function filesBelow(folder: string, except: readonly string[] = []): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const name = relative(folder, path);
    if (!entry.isFile() || except.some((one) => name.startsWith(one))) continue;
    const bytes = read(path);
    if (bytes !== undefined) files.set(name, bytes);
  }
  return files;
}

function read(path: string): Uint8Array | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** Which secret lies where: as it is, as people read digits, in hexadecimal, in base64. Values are in no finding. */
export function findSecrets(secrets: Named, places: Named): string[] {
  return [...secrets].flatMap(([what, secret]) => {
    const bytes = Buffer.from(secret);
    const grouped = bytes.toString("latin1").replace(/^(\d{3})(\d{3})(\d{3,4})$/, "$1 $2 $3");
    const forms = [bytes, bytes.toString("hex"), bytes.toString("base64url"), grouped];
    return [...places]
      .filter(([, place]) => forms.some((form) => Buffer.from(place).includes(form)))
      .map(([where]) => `${what} in ${where}`);
  });
}
