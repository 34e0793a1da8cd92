import { closeSync, fsyncSync, openSync, rmSync, writeSync } from "node:fs";
import { createHash, randomBytes } from "node:crypto";
import { readTokenFile, type Token } from "@countersign/sdk";
import { refused } from "../cli-error.ts";

/** What a token opens, by how it begins. */
export type TokenPrefix = "cs_admin_" | "cs_app_" | "cs_bot_" | "cs_invite_";

const HOLDS: Readonly<Record<TokenPrefix, string>> = {
  cs_admin_: "an administrator's token",
  cs_app_: "an app's token",
  cs_bot_: "a bot's token",
  cs_invite_: "an invitation",
};

/** A token that was drawn here. It lies in its file; what leaves this process is its hash. */
export interface DrawnToken {
  readonly path: string;
  /** 32 bytes: SHA-256 of the whole token. */
  readonly sha256: Buffer;
  /** For what was refused: the token opens nothing, and its file only misleads. */
  discard(): void;
}

/**
 * Draws 256 random bits into a new file (0600), before anybody is told their hash: a token that opens something and that
 * nobody has would have to be revoked. Throws a CliError when the file is there already or cannot be written.
 */
export function drawToken(prefix: TokenPrefix, path: string): DrawnToken {
  const token = `${prefix}${randomBytes(32).toString("base64url")}`;
  writeNewFile(path, `${token}\n`);
  return { path, sha256: hashOf(token), discard: () => rmSync(path, { force: true }) };
}

/** A token that an earlier, interrupted run drew: it may open something, so it is kept. Throws as readToken. */
export function drawnBefore(prefix: TokenPrefix, path: string): DrawnToken {
  return { path, sha256: hashOf(readToken(path, prefix).reveal()), discard: () => undefined };
}

/** Reads a token of this kind. Throws a CliError naming file, what it should hold, and what to do. */
export function readToken(path: string, prefix: TokenPrefix): Token {
  let token: Token;
  try {
    token = readTokenFile(path);
  } catch (error) {
    throw refused(error instanceof Error ? error.message : String(error));
  }
  if (!token.reveal().startsWith(prefix)) throw refused(`${path}: holds something else than ${HOLDS[prefix]}`);
  return token;
}

/** One line into a file that nobody else may read and that was not there before. */
export function writeNewFile(path: string, text: string): void {
  let file: number;
  try {
    file = openSync(path, "wx", 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") {
      throw refused(`${path}: is there already, and is not overwritten; name another file`);
    }
    throw refused(`${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function hashOf(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}
