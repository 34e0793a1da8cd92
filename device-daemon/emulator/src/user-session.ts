import type { KeyClock } from "./device.ts";

/** How long a PIN or finger given beforehand holds, in milliseconds. */
export const SESSION_MS = 60_000;

/** How the user proved that he is there. */
export type Proven = "pin" | "biometric";

/** PIN or finger given before a request (subcommand 02): for one channel, until one signature, at most 60 s. */
export class UserSession {
  readonly #clock: KeyClock;
  #held: { readonly channel: number; readonly by: Proven; readonly until: number } | undefined;

  constructor(clock: KeyClock) {
    this.#clock = clock;
  }

  begin(channel: number, by: Proven): void {
    this.#held = { channel, by, until: this.#clock.now() + SESSION_MS };
  }

  /** What was proven on this channel and still holds. */
  of(channel: number): Proven | undefined {
    const held = this.#held;
    if (held === undefined || held.channel !== channel) return undefined;
    return this.#clock.now() < held.until ? held.by : undefined;
  }

  end(): void {
    this.#held = undefined;
  }
}
