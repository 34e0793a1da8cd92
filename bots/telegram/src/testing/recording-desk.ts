import type { FrontDesk, Press, Said } from "@countersign/bot-kit";

/** A front desk that keeps what comes, and settles when the test says so. */
export class RecordingDesk implements FrontDesk {
  readonly texts: Said[] = [];
  readonly presses: Press[] = [];
  readonly goneFrom: string[] = [];
  /** What every call waits for before it settles. */
  hold: Promise<void> = Promise.resolve();
  #watchers: (() => void)[] = [];

  async said(said: Said): Promise<void> {
    this.texts.push(said);
    this.#changed();
    await this.hold;
  }

  async pressed(press: Press): Promise<void> {
    this.presses.push(press);
    this.#changed();
    await this.hold;
  }

  async mayJoin(): Promise<boolean> {
    return false;
  }

  async receipt(): Promise<void> {}

  async gone(_eventId: string, peerId: string): Promise<void> {
    this.goneFrom.push(peerId);
    this.#changed();
    await this.hold;
  }

  /** How many calls came, of whatever kind. */
  get calls(): number {
    return this.texts.length + this.presses.length + this.goneFrom.length;
  }

  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise<void>((resolve) => this.#watchers.push(resolve));
  }

  #changed(): void {
    for (const watcher of this.#watchers.splice(0)) watcher();
  }
}
