import {
  CtapCommand,
  CtapError,
  CtapFields,
  CtapStatus,
  decodeCtapMessage,
  encodeCtapOk,
  encodeCtapRefusal,
  type WaitsFor,
} from "@countersign/key-protocol";
import { equalBytes } from "@countersign/protocol";
import type { Device } from "../device.ts";
import type { Application } from "../link/application.ts";
import type { Ending, Flow } from "../prompt.ts";
import type { Runner } from "../runner.ts";
import { StorageError } from "../storage/vault.ts";
import { clientPinFlow } from "./client-pin.ts";
import { ClientPinGuard } from "./client-pin-guard.ts";
import { configure } from "./configuration.ts";
import { type Listing, manageCredentials } from "./credential-management.ts";
import type { Usable } from "./credentials.ts";
import type { FidoDevice } from "./fido-device.ts";
import { FidoVault } from "./fido-vault.ts";
import { assertionOf, grantAssertion, type Granted } from "./get-assertion.ts";
import { infoMembers } from "./info.ts";
import { largeBlobs, type Writing } from "./large-blobs.ts";
import { makeCredentialFlow } from "./make-credential.ts";
import { PinUvToken } from "./pin-uv-token.ts";
import { takePresence } from "./presence.ts";
import { UvGuard } from "./uv-guard.ts";

/** A reset is taken this long after the key got its power, in milliseconds. */
const RESET_WINDOW_MS = 10_000;

/** The person has this long to touch the key, in milliseconds. */
export const TOUCH_MS = 30_000;

/** Further answers of a list or an assertion wait this long to be fetched, in milliseconds. */
const FOLLOW_MS = 30_000;

/** What the next request of the same channel may go on with; any other one ends it. */
type Follow =
  | { readonly of: "assertions"; readonly granted: Granted; readonly rest: readonly Usable[] }
  | { readonly of: "listing"; readonly listing: Listing }
  | { readonly of: "blobs"; readonly writing: Writing };

/** The program behind CTAPHID's CBOR command: CTAP2 (docs/protocol/fido2.md). Its keys sign nothing but what FIDO says. */
export class Authenticator implements Application {
  readonly #device: FidoDevice;
  readonly #runner: Runner;
  readonly #poweredAt: number;
  #wrapKey: Uint8Array;
  #follow: (Follow & { readonly channel: number; readonly until: number }) | undefined;

  constructor(device: Device, runner: Runner) {
    const { profile, clock, random } = device;
    const vault = new FidoVault(device.vault, random);
    const pin = new ClientPinGuard(vault, random);
    const token = new PinUvToken(clock, random);
    this.#device = { profile, clock, random, vault, pin, uv: new UvGuard(vault, profile, device.finger), token };
    this.#wrapKey = vault.state.wrapKey;
    this.#runner = runner;
    this.#poweredAt = clock.now();
  }

  begin(channel: number, message: Uint8Array, done: (reply: Uint8Array) => void): void {
    try {
      const { first, map } = decodeCtapMessage(message);
      const flow = this.#flowOf(first, new CtapFields(`command ${first}`, map), channel);
      this.#runner.start({ flow, deadline: this.#device.clock.now() + TOUCH_MS, done, outside, failed });
    } catch (cause) {
      done(failed(cause));
    }
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

  *#flowOf(command: number, fields: CtapFields, channel: number): Flow<Ending> {
    const device = this.#device;
    this.#forgetWiped();
    const follow = this.#takeFollow(channel);
    switch (command) {
      case CtapCommand.MAKE_CREDENTIAL:
        return yield* makeCredentialFlow(device, fields);
      case CtapCommand.GET_ASSERTION:
        return this.#firstAssertion(yield* grantAssertion(device, fields), channel);
      case CtapCommand.GET_NEXT_ASSERTION:
        return this.#nextAssertion(follow, channel);
      case CtapCommand.GET_INFO:
        return { reply: encodeCtapOk(infoMembers(device)) };
      case CtapCommand.CLIENT_PIN:
        return yield* clientPinFlow(device, fields);
      case CtapCommand.RESET:
        return yield* this.#reset();
      case CtapCommand.CREDENTIAL_MANAGEMENT:
        return this.#manage(fields, follow, channel);
      case CtapCommand.SELECTION:
        yield* takePresence("choose");
        return { reply: encodeCtapOk() };
      case CtapCommand.LARGE_BLOBS:
        return this.#blobs(fields, follow, channel);
      case CtapCommand.CONFIG:
        return { reply: encodeCtapOk(configure(device, fields)) };
      default:
        throw new CtapError(CtapStatus.INVALID_COMMAND, `command ${command}`);
    }
  }

  #firstAssertion(granted: Granted, channel: number): Ending {
    const [first, ...rest] = granted.credentials;
    if (first === undefined) throw new CtapError(CtapStatus.NO_CREDENTIALS, "no credential for this");
    const reply = assertionOf(this.#device, granted, first, rest.length === 0 ? undefined : rest.length + 1);
    if (rest.length > 0) this.#follows({ of: "assertions", granted, rest }, channel);
    return { reply };
  }

  #nextAssertion(follow: Follow | undefined, channel: number): Ending {
    if (follow?.of !== "assertions") throw nothingOpen();
    const [next, ...rest] = follow.rest;
    if (next === undefined) throw nothingOpen();
    const reply = assertionOf(this.#device, follow.granted, next, undefined);
    this.#follows({ ...follow, rest }, channel);
    return { reply };
  }

  #manage(fields: CtapFields, follow: Follow | undefined, channel: number): Ending {
    const open = follow?.of === "listing" ? follow.listing : undefined;
    const { members, listing } = manageCredentials(this.#device, fields, open);
    if (listing !== undefined) this.#follows({ of: "listing", listing }, channel);
    return { reply: encodeCtapOk(members) };
  }

  #blobs(fields: CtapFields, follow: Follow | undefined, channel: number): Ending {
    const open = follow?.of === "blobs" ? follow.writing : undefined;
    const { members, writing } = largeBlobs(this.#device, fields, open);
    if (writing !== undefined) this.#follows({ of: "blobs", writing }, channel);
    return { reply: encodeCtapOk(members) };
  }

  // Countersign's keys on the same device stay: a program on the PC must not wipe them through FIDO.
  *#reset(): Flow<Ending> {
    const { clock, vault } = this.#device;
    if (clock.now() - this.#poweredAt > RESET_WINDOW_MS) {
      throw new CtapError(CtapStatus.NOT_ALLOWED, "a reset is taken within 10 s of power");
    }
    yield* takePresence("reset");
    vault.wipe();
    this.#forgetWiped();
    return { reply: encodeCtapOk() };
  }

  // A reset, by this interface or by the other, draws a new wrapping key. What memory holds from before it is worth nothing.
  #forgetWiped(): void {
    const { vault, pin, token } = this.#device;
    const { wrapKey } = vault.state;
    if (equalBytes(wrapKey, this.#wrapKey)) return;
    this.#wrapKey = wrapKey;
    this.#follow = undefined;
    pin.renew();
    token.end();
  }

  #follows(follow: Follow, channel: number): void {
    this.#follow = { ...follow, channel, until: this.#device.clock.now() + FOLLOW_MS };
  }

  #takeFollow(channel: number): Follow | undefined {
    const follow = this.#follow;
    this.#follow = undefined;
    return follow?.channel === channel && this.#device.clock.now() < follow.until ? follow : undefined;
  }
}

function nothingOpen(): CtapError {
  return new CtapError(CtapStatus.NOT_ALLOWED, "no assertion waits");
}

function outside(why: "cancelled" | "timeout"): Uint8Array {
  return encodeCtapRefusal(why === "cancelled" ? CtapStatus.KEEPALIVE_CANCEL : CtapStatus.USER_ACTION_TIMEOUT);
}

// The store failed: what hangs on the write did not happen.
function failed(cause: unknown): Uint8Array {
  if (cause instanceof CtapError) return encodeCtapRefusal(cause.status);
  if (cause instanceof StorageError) return encodeCtapRefusal(CtapStatus.OTHER);
  throw cause;
}
