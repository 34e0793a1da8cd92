import { checkSafeText, ProtocolError } from "@countersign/protocol";

/** Longest name that a prompt shows, in code points. */
const MAX_NAME = 60;

/**
 * A name that somebody untrusted chose, in quotes and on one line; a name that is no safe text is not shown at all, so that
 * it cannot write lines of its own into a prompt.
 */
export function quotedName(name: string): string {
  try {
    checkSafeText(name, { maxCodePoints: MAX_NAME });
    return `“${name}”`;
  } catch (cause) {
    if (cause instanceof ProtocolError) return "(a name that cannot be shown)";
    throw cause;
  }
}
