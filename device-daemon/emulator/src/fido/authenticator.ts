import { WaitsFor } from "@countersign/key-protocol";
import type { Device } from "../device.ts";
import type { Application } from "../link/application.ts";
import type { Runner } from "../runner.ts";

/** CTAP1_ERR_INVALID_COMMAND. */
const INVALID_COMMAND = 0x01;

/** The program behind CTAPHID's CBOR command: CTAP2. */
export class Authenticator implements Application {
  readonly #runner: Runner;

  constructor(_device: Device, runner: Runner) {
    this.#runner = runner;
  }

  begin(_channel: number, _message: Uint8Array, done: (reply: Uint8Array) => void): void {
    done(Uint8Array.of(INVALID_COMMAND));
  }

  during(): undefined {
    return undefined;
  }

  cancel(): void {
    this.#runner.cancel();
  }

  abort(): void {
    this.#runner.abort();
  }

  waitsFor(): WaitsFor {
    return this.#runner.waitsFor();
  }
}
