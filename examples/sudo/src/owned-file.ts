import { closeSync, constants, fstatSync, openSync, readFileSync, realpathSync, statSync, type Stats } from "node:fs";
import { dirname } from "node:path";

/** A file on which a login depends is not as it must be. The message ends with the fix. */
export class OwnedFileError extends Error {
  override readonly name = "OwnedFileError";
}

/** Who may own what a login depends on: root, and whoever this program runs as (which is root, below PAM). */
export function trustedOwners(): ReadonlySet<number> {
  return new Set([0, process.geteuid?.() ?? 0]);
}

/**
 * Reads a file that nobody but its trusted owner can have changed: it belongs to one of `trusted`, as every folder above
 * it does, and none of them may be written by others. `secret`: nor may the file be read by them.
 */
export function readOwned(
  path: string,
  given: { readonly secret: boolean; readonly trusted?: ReadonlySet<number> },
): string {
  const trusted = given.trusted ?? trustedOwners();
  if (!path.startsWith("/")) throw new OwnedFileError(`${path}: must be an absolute path`);
  checkFolder(dirname(path), trusted);
  const file = open(path);
  try {
    const found = fstatSync(file);
    if (!found.isFile()) throw new OwnedFileError(`${path}: is no file`);
    checkOwner(path, found, trusted);
    if ((found.mode & 0o022) !== 0) throw new OwnedFileError(`${path}: others may write it; run: chmod go-w ${path}`);
    if (given.secret && (found.mode & 0o077) !== 0)
      throw new OwnedFileError(`${path}: others may read it; run: chmod 600 ${path}`);
    return readFileSync(file, "utf8");
  } finally {
    closeSync(file);
  }
}

/** Every folder from here to the root. A sticky one (/tmp) lets nobody rename what is another's. */
export function checkFolder(folder: string, trusted: ReadonlySet<number> = trustedOwners()): void {
  let at = real(folder);
  for (;;) {
    const found = statSync(at);
    checkOwner(at, found, trusted);
    const sticky = (found.mode & constants.S_IFMT) === constants.S_IFDIR && (found.mode & 0o1000) !== 0;
    if ((found.mode & 0o022) !== 0 && !sticky)
      throw new OwnedFileError(`${at}: others may write in this folder; run: chmod go-w ${at}`);
    if (at === "/") return;
    at = dirname(at);
  }
}

function checkOwner(path: string, { uid }: Stats, trusted: ReadonlySet<number>): void {
  if (!trusted.has(uid)) throw new OwnedFileError(`${path}: belongs to user ${uid}; run: chown root ${path}`);
}

/** The file itself, never what a link points to: who may make a link need not be who may write its target. */
function open(path: string): number {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    throw new OwnedFileError(`${path}: cannot be opened (${codeOf(error)})`, { cause: error });
  }
}

function real(folder: string): string {
  try {
    return realpathSync(folder);
  } catch (error) {
    throw new OwnedFileError(`${folder}: cannot be opened (${codeOf(error)})`, { cause: error });
  }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error);
}
