import type { Logger } from "pino";
import type { Prompt } from "../prompt/prompt.ts";
import type { KeyRegistry } from "../key/key-registry.ts";
import type { OpenSigns } from "./open-signs.ts";
import type { UserSessions } from "./user-sessions.ts";

/** What the RPCs work with. */
export interface Given {
  readonly log: Logger;
  readonly registry: KeyRegistry;
  readonly sessions: UserSessions;
  readonly signs: OpenSigns;
  /** For keys without keypad. */
  readonly prompt: Prompt;
}
