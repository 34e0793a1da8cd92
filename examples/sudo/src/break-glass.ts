import { createHash, randomBytes } from "node:crypto";
import { chmodSync, closeSync, existsSync, fsyncSync, mkdirSync, openSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { checkFolder, readOwned } from "./owned-file.ts";

// A token is 128 random bits, so its hash needs no salt and no slowness. It is a file of its own, named by the hash: the
// rename that uses it up succeeds for one of two who try at the same time.

/** Makes tokens that let somebody in once each. They are shown here and kept nowhere. */
export function newTokens(folder: string, count: number, name: string): string[] {
  if (!existsSync(folder)) mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
  checkFolder(folder);
  return Array.from({ length: count }, (_, at) => {
    const token = randomBytes(16).toString("hex");
    writeFileSync(join(folder, hashOf(token)), `${name} ${at + 1}\n`, { mode: 0o600, flag: "wx" });
    return token.match(/.{4}/g)?.join("-") ?? "";
  });
}

/** Uses a token up and resolves with its name. Undefined when there is none like it. Throws OwnedFileError. */
export function useToken(typed: string, folder: string): string | undefined {
  const token = typed.toLowerCase().replaceAll(/[^0-9a-f]/g, "");
  if (token.length !== 32) return undefined;
  const path = join(folder, hashOf(token));
  if (!existsSync(path)) return undefined;
  const name = readOwned(path, { secret: true }).trim();
  try {
    renameSync(path, `${path}.used`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  sync(folder);
  return name;
}

function hashOf(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}

/** After a power cut a token that was used is used. */
function sync(folder: string): void {
  const open = openSync(folder, "r");
  try {
    fsyncSync(open);
  } finally {
    closeSync(open);
  }
}
