import type { Port } from "./port.ts";
import type { Token } from "./token.ts";

/** One way to the core, with what every call over it goes by. Close it when done. */
export interface CoreConnection {
  /** Undefined: what is asked goes by confirmation tokens alone. */
  readonly token: Token | undefined;
  /** Deadline of one call, in milliseconds. */
  readonly deadlineMs: number;
  /** How long a call waits in all for a core that does not answer, in milliseconds. */
  readonly patienceMs: number;
  readonly onSilence: (() => void) | undefined;
  readonly port: Port;
  close(): void;
}
