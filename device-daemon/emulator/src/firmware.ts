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
  WaitsFor,
  WireError,
} from "@countersign/key-protocol";
import { type Device, infoOf } from "./device.ts";
import { idlePrompt } from "./display/prompts.ts";
import { deleteKeyFlow, listKeys, resetFlow, verifyUserFlow } from "./flow/admin-flows.ts";
import { attestForHost } from "./flow/attest.ts";
import { enrolFlow } from "./flow/enrol-flow.ts";
import { pinFlow } from "./flow/pin-flow.ts";
import { presentFlow } from "./flow/present-flow.ts";
import type { Application } from "./link/application.ts";
import type { Ending, Flow, Input, Page, Prompt } from "./prompt.ts";
import { StorageError } from "./storage/vault.ts";

/** A page without a key press ends the request after this long, in milliseconds. */
export const IDLE_MS = 120_000;

/** Longest time of a request that names none, in milliseconds. */
const REQUEST_MS = 300_000;

/** What is left on the display after a request goes after this long, in milliseconds. */
const AFTER_MS = 30_000;

/** What the person sees. `rows` is empty without a display. */
export interface Screen {
  readonly page: Page;
  readonly rows: readonly string[];
  readonly lights: { readonly pin: boolean; readonly code: boolean; readonly busy: boolean };
}

type Running = {
  readonly flow: Flow<Ending>;
  readonly done: (reply: Uint8Array) => void;
  readonly deadline: number;
  prompt: Prompt;
  touchedAt: number;
};

/** The key's program: one request at a time, told what happens, asked what it shows. No timer of its own: `tick`. */
export class Firmware implements Application {
  readonly #device: Device;
  readonly #poweredAt: number;
  #running: Running | undefined;
  #after: { readonly prompt: Prompt; readonly until: number } | undefined;

  constructor(device: Device) {
    this.#device = device;
    this.#poweredAt = device.clock.now();
  }

  begin(channel: number, message: Uint8Array, done: (reply: Uint8Array) => void): void {
    const now = this.#device.clock.now();
    try {
      const request = decodeRequest(message);
      const deadline = now + (request.subcommand === Subcommand.PRESENT ? request.expiresInS * 1000 : REQUEST_MS);
      const work = this.#flowOf(request, channel, deadline);
      if ("reply" in work) done(work.reply);
      else this.#start(work, done, deadline);
    } catch (cause) {
      done(encodeRefused({ status: statusOf(cause) }));
    }
  }

  during(message: Uint8Array): Uint8Array | "cancel" | undefined {
    if (message[0] === Subcommand.CANCEL) return "cancel";
    if (message[0] !== Subcommand.SUPPLY_CODE) return undefined;
    try {
      const request = decodeRequest(message);
      if (request.subcommand !== Subcommand.SUPPLY_CODE) return undefined;
      return encodeCodeAnswer(this.#supply(request.code));
    } catch (cause) {
      return encodeCodeAnswer(statusOf(cause));
    }
  }

  cancel(): void {
    this.#endFromOutside(Status.CANCELLED);
  }

  abort(): void {
    this.#running?.flow.return({ reply: new Uint8Array(0) });
    this.#running = undefined;
    this.#device.session.end();
  }

  waitsFor(): WaitsFor {
    return this.#running?.prompt.waitsFor ?? WaitsFor.COMPUTING;
  }

  /** Something happened on the key: a button, a finger. */
  input(input: Input): void {
    if (this.#running === undefined) {
      this.#after = undefined;
      return;
    }
    if (input.type === "key" && isDigit(input.key) && !this.#device.profile.keypad && !choosesReason(this.#running))
      return;
    if (input.type === "finger" && !this.#device.profile.finger) return;
    if (this.#running.prompt.passes === true) return;
    this.#advance(this.#running, input);
  }

  /** Time has gone by. */
  tick(): void {
    const now = this.#device.clock.now();
    if (this.#after !== undefined && now >= this.#after.until) this.#after = undefined;
    const running = this.#running;
    if (running === undefined) return;
    if (running.prompt.passes === true) this.#advance(running, { type: "key", key: "ok" });
    else if (now >= running.deadline || now - running.touchedAt >= IDLE_MS) this.#endFromOutside(Status.USER_TIMEOUT);
  }

  screen(): Screen {
    const { model, serial, display } = this.#device.profile;
    const prompt = this.#running?.prompt ?? this.#after?.prompt ?? idlePrompt(model, serial);
    return {
      page: prompt.page,
      rows: display ? prompt.draw(this.#device.clock.now()) : [],
      lights: {
        pin: this.#running !== undefined && prompt.waitsFor === WaitsFor.PIN,
        code: this.#running !== undefined && prompt.waitsFor === WaitsFor.CODE,
        busy: this.#running !== undefined,
      },
    };
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

  #start(flow: Flow<Ending>, done: (reply: Uint8Array) => void, deadline: number): void {
    const first = flow.next();
    if (first.done === true) return this.#end(first.value, done);
    // Only what shows something itself takes the last words off the display: a host may ask for information at any time.
    this.#after = undefined;
    this.#running = { flow, done, deadline, prompt: first.value, touchedAt: this.#device.clock.now() };
  }

  #advance(running: Running, input: Input): void {
    try {
      const next = running.flow.next(input);
      running.touchedAt = this.#device.clock.now();
      if (next.done !== true) running.prompt = next.value;
      else this.#end(next.value, running.done);
    } catch (cause) {
      this.#end({ reply: encodeRefused({ status: statusOf(cause) }) }, running.done);
    }
  }

  #supply(code: string): Status {
    const running = this.#running;
    if (running?.prompt.takesHostCode !== true) return Status.NOT_ALLOWED;
    this.#advance(running, { type: "host-code", code });
    return Status.OK;
  }

  #endFromOutside(status: typeof Status.CANCELLED | typeof Status.USER_TIMEOUT): void {
    const running = this.#running;
    if (running === undefined) return;
    running.flow.return({ reply: new Uint8Array(0) });
    this.#end({ reply: encodeRefused({ status }) }, running.done);
  }

  #end(ending: Ending, done: (reply: Uint8Array) => void): void {
    this.#running = undefined;
    if (ending.after !== undefined) {
      this.#after = { prompt: ending.after, until: this.#device.clock.now() + AFTER_MS };
    }
    done(ending.reply);
  }
}

function statusOf(cause: unknown): WireError["status"] | typeof Status.STORAGE {
  if (cause instanceof WireError) return cause.status;
  if (cause instanceof StorageError) return Status.STORAGE;
  throw cause;
}

function isDigit(key: string): boolean {
  return key >= "0" && key <= "9";
}

// Four buttons choose the reason on a key without digits.
function choosesReason(running: Running): boolean {
  return running.prompt.page === "reject";
}
