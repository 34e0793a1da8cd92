import { readFileSync, statSync } from "node:fs";
import { KeyServiceBeginEnrolmentResponse } from "@countersign/proto/node/core/v1/key_service";
import { refused } from "./cli-error.ts";

const SCHEME = "countersign:enrol/";
const MOST_BYTES = 16_384;

/** What the core told of an enrolment, as one word that a phone can scan. It holds the one-time token. */
export function invitationLink(enrolment: KeyServiceBeginEnrolmentResponse): string {
  return SCHEME + Buffer.from(KeyServiceBeginEnrolmentResponse.encode(enrolment).finish()).toString("base64url");
}

/** Reads it back. Throws a CliError that does not repeat it. */
export function readInvitationLink(link: string): KeyServiceBeginEnrolmentResponse {
  const text = link.trim();
  const encoded = text.startsWith(SCHEME) ? text.slice(SCHEME.length) : "";
  if (/^[A-Za-z0-9_-]+$/.test(encoded)) {
    try {
      const enrolment = KeyServiceBeginEnrolmentResponse.decode(Buffer.from(encoded, "base64url"));
      if (enrolment.enrolmentToken !== "") return enrolment;
    } catch {
      // falls through: the same sentence for everything that is no invitation
    }
  }
  throw refused("--invitation: holds no invitation; ask your administrator for a new one");
}

/** The file's one line; `-` reads stdin to its end. The link is a secret, so never an argument. */
export function readInvitation(path: string): KeyServiceBeginEnrolmentResponse {
  let text: string;
  try {
    if (path !== "-" && (statSync(path).mode & 0o077) !== 0)
      throw new Error(`other users may read it; run: chmod 600 ${path}`);
    text = readFileSync(path === "-" ? 0 : path, "utf8");
  } catch (error) {
    throw refused(`--invitation ${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (text.length > MOST_BYTES) throw refused(`--invitation ${path}: holds more than one link`);
  return readInvitationLink(text);
}
