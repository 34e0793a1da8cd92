import { randomBytes } from "node:crypto";
import type { AttachedKey } from "../key/attached-key.ts";
import type { KeySession } from "../key/smart-key.ts";

/** How long a PIN given beforehand holds, in milliseconds; the key counts for itself, too. */
export const SESSION_MS = 60_000;

type Held = { readonly attached: AttachedKey; readonly session: KeySession; readonly timer: NodeJS.Timeout };

/** Key sessions whose user has proven that he is there: each is taken by one Sign, or lapses. */
export class UserSessions {
  readonly #held = new Map<string, Held>();

  /** Keeps a session under a name that nobody can guess (128 bits). */
  keep(attached: AttachedKey, session: KeySession): string {
    const name = randomBytes(16).toString("hex");
    const timer = setTimeout(() => this.#held.delete(name), SESSION_MS);
    timer.unref();
    this.#held.set(name, { attached, session, timer });
    return name;
  }

  /** Takes a session out: there is no second use. Undefined when it lapsed, was used, or belongs to another key. */
  take(name: string, attached: AttachedKey): KeySession | undefined {
    const held = this.#held.get(name);
    if (held?.attached !== attached) return undefined;
    clearTimeout(held.timer);
    this.#held.delete(name);
    return held.session;
  }
}
