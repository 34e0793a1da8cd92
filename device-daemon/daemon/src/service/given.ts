import type { Logger } from "pino";
import type { AttachedKey, KeyRegistry } from "../key/key-registry.ts";
import type { OpenSigns } from "./open-signs.ts";
import type { UserSessions } from "./user-sessions.ts";

/** What the RPCs work with. */
export interface Given {
  readonly log: Logger;
  readonly registry: KeyRegistry;
  readonly sessions: UserSessions;
  readonly signs: OpenSigns;
  /** Asks the key again what it is: tries and PIN may have changed. Never rejects. */
  refresh(attached: AttachedKey): Promise<void>;
}
