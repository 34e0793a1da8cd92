import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

/** How long a login lasts. */
export const SESSION_MS = 3_600_000;

/** So many wrong passwords for one name in a minute, and no more are looked at. */
const MOST_WRONG = 5;
const WRONG_MS = 60_000;

interface Session {
  readonly user: string;
  readonly until: number;
}

/** Who is logged in. Kept in memory: whoever restarts the bank logs everybody out. */
export class SessionBook {
  readonly #users: ReadonlyMap<string, string>;
  readonly #now: () => number;
  readonly #sessions = new Map<string, Session>();
  readonly #wrong = new Map<string, number[]>();

  constructor(users: ReadonlyMap<string, string>, now: () => number = Date.now) {
    this.#users = users;
    this.#now = now;
  }

  /** The session's secret for the cookie; undefined: not this name with this password; "later": too many wrong ones. */
  logIn(user: string, password: string): string | "later" | undefined {
    const now = this.#now();
    const wrong = (this.#wrong.get(user) ?? []).filter((at) => now - at < WRONG_MS);
    if (wrong.length >= MOST_WRONG) return "later";
    const right = this.#users.get(user);
    // A name that nobody has takes as long as one that somebody has.
    const isRight = timingSafeEqual(hash(password), hash(right ?? randomBytes(32).toString("hex")));
    if (!isRight || right === undefined) {
      // Only names that somebody has are remembered: others could be drawn without end.
      if (right !== undefined) this.#wrong.set(user, [...wrong, now]);
      return undefined;
    }
    this.#wrong.delete(user);
    for (const [id, { until }] of this.#sessions) if (until <= now) this.#sessions.delete(id);
    const secret = randomBytes(32).toString("base64url");
    this.#sessions.set(idOf(secret), { user, until: now + SESSION_MS });
    return secret;
  }

  /** Whose session it is; undefined: nobody's, or over. */
  userOf(secret: string): string | undefined {
    const session = this.#sessions.get(idOf(secret));
    return session !== undefined && session.until > this.#now() ? session.user : undefined;
  }

  logOut(secret: string): void {
    this.#sessions.delete(idOf(secret));
  }
}

function hash(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

/** What is kept is no secret that could be sent. */
function idOf(secret: string): string {
  return hash(secret).toString("hex");
}
