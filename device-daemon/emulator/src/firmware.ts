import {
  decodeRequest,
  encodeCodeAnswer,
  encodeKeyInfo,
  encodeOk,
  encodeRefused,
  encodeSigned,
  type KeyRequest,
  Status,
  Subcommand,
  type WaitsFor,
  WireError,
} from "@countersign/key-protocol";
import { type Device, infoOf } from "./device.ts";
import { deleteKeyFlow, listKeys, resetFlow, verifyUserFlow } from "./flow/admin-flows.ts";
import { attestForHost } from "./flow/attest.ts";
import { enrolFlow } from "./flow/enrol-flow.ts";
import { pinFlow } from "./flow/pin-flow.ts";
import { presentFlow } from "./flow/present-flow.ts";
import type { Application } from "./link/application.ts";
import type { Ending, Flow } from "./prompt.ts";
import type { Runner } from "./runner.ts";
import { StorageError } from "./storage/vault.ts";

/** Longest time of a request that names none, in milliseconds. */
const REQUEST_MS = 300_000;

/** The program behind command 0x59: reads requests, starts their flows on the key's one runner. */
export class Firmware implements Application {
  readonly #device: Device;
  readonly #runner: Runner;
  readonly #poweredAt: number;

  constructor(device: Device, runner: Runner) {
    this.#device = device;
    this.#runner = runner;
    this.#poweredAt = device.clock.now();
  }

  begin(channel: number, message: Uint8Array, done: (reply: Uint8Array) => void): void {
    const now = this.#device.clock.now();
    try {
      const request = decodeRequest(message);
      const deadline = now + (request.subcommand === Subcommand.PRESENT ? request.expiresInS * 1000 : REQUEST_MS);
      const work = this.#flowOf(request, channel, deadline);
      if ("reply" in work) done(work.reply);
      else this.#runner.start({ flow: work, deadline, done, outside: endedOutside, failed });
    } catch (cause) {
      done(failed(cause));
    }
  }

  during(message: Uint8Array): Uint8Array | "cancel" | undefined {
    if (message[0] === Subcommand.CANCEL) return "cancel";
    if (message[0] !== Subcommand.SUPPLY_CODE) return undefined;
    try {
      const request = decodeRequest(message);
      if (request.subcommand !== Subcommand.SUPPLY_CODE) return undefined;
      return encodeCodeAnswer(this.#runner.supplyCode(request.code) ? Status.OK : Status.NOT_ALLOWED);
    } catch (cause) {
      return encodeCodeAnswer(statusOf(cause));
    }
  }

  cancel(): void {
    this.#runner.cancel();
  }

  abort(): void {
    this.#runner.abort();
    this.#device.session.end();
  }

  waitsFor(): WaitsFor {
    return this.#runner.waitsFor();
  }

  #flowOf(request: KeyRequest, channel: number, deadline: number): Flow<Ending> | Ending {
    const device = this.#device;
    switch (request.subcommand) {
      case Subcommand.GET_INFO:
        return { reply: encodeOk(encodeKeyInfo(infoOf(device))) };
      case Subcommand.VERIFY_USER:
        return verifyUserFlow(device, channel, request.method);
      case Subcommand.PRESENT:
        return presentFlow(device, channel, request, deadline);
      case Subcommand.CANCEL:
        return { reply: encodeOk() };
      case Subcommand.ENROL_KEY:
        return enrolFlow(device, channel, request);
      case Subcommand.SET_PIN:
      case Subcommand.CHANGE_PIN:
        return pinFlow(device, request.subcommand);
      case Subcommand.RESET:
        return resetFlow(device, this.#poweredAt);
      case Subcommand.ATTEST:
        return { reply: encodeOk(encodeSigned(attestForHost(device, request))) };
      case Subcommand.KEYS:
        return request.action === "list"
          ? listKeys(device, channel, request.from)
          : deleteKeyFlow(device, channel, request.keyId);
      case Subcommand.SUPPLY_CODE:
        return { reply: encodeCodeAnswer(Status.NOT_ALLOWED) };
    }
  }
}

function endedOutside(why: "cancelled" | "timeout"): Uint8Array {
  return encodeRefused({ status: why === "cancelled" ? Status.CANCELLED : Status.USER_TIMEOUT });
}

function failed(cause: unknown): Uint8Array {
  return encodeRefused({ status: statusOf(cause) });
}

function statusOf(cause: unknown): WireError["status"] | typeof Status.STORAGE {
  if (cause instanceof WireError) return cause.status;
  if (cause instanceof StorageError) return Status.STORAGE;
  throw cause;
}
