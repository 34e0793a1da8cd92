import { GlyphProfile, PinState, UserMethod } from "@countersign/key-protocol";
import {
  type AnswerRequest,
  type CancelRequest,
  ListKeysResponse,
  LocalKey,
  LocalKeyType,
  VerificationMethod,
  type VerifyUserRequest,
  VerifyUserResponse,
  WatchKeysResponse,
} from "@countersign/proto/node/device/v1/device_service";
import type { AttachedCountersign, AttachedFido, AttachedKey } from "../key/attached-key.ts";
import { Failure } from "./failure.ts";
import { findCountersignKey } from "./find-key.ts";
import type { Given } from "./given.ts";
import type { Caller } from "./handlers.ts";

/** ListKeys. */
export function listKeys(given: Given): ListKeysResponse {
  return ListKeysResponse.create({ keys: given.registry.list().map(localKeyOf) });
}

/** WatchKeys: the list now and after each change, until the caller goes. */
export async function watchKeys(
  given: Given,
  caller: Caller,
  send: (message: WatchKeysResponse) => void,
): Promise<void> {
  const tell = (): void => send(WatchKeysResponse.create({ keys: given.registry.list().map(localKeyOf) }));
  const stop = given.registry.watch(tell);
  tell();
  await new Promise<void>((resolve) => caller.signal.addEventListener("abort", () => resolve(), { once: true }));
  stop();
  caller.signal.throwIfAborted();
}

/** VerifyUser: PIN or finger before anything else is sent; the session serves one Sign. */
export async function verifyUser(
  given: Given,
  request: VerifyUserRequest,
  caller: Caller,
): Promise<VerifyUserResponse> {
  const { signal } = caller;
  const attached = findCountersignKey(given.registry, request.deviceId);
  const method = request.method === VerificationMethod.BIOMETRIC ? UserMethod.BIOMETRIC : UserMethod.PIN;
  const session = await attached.queue.run(signal, async () => {
    const opened = await attached.key.open();
    await opened.verifyUser(method, { signal });
    return opened;
  });
  return VerifyUserResponse.create({ session: given.sessions.keep(attached, session) });
}

/** Answer: the code for a key without keypad, into the caller's own Sign. The code is passed on and forgotten. */
export async function answer(given: Given, request: AnswerRequest, caller: Caller): Promise<Record<string, never>> {
  const [open] = given.signs.of(caller.client, request.transactionId);
  if (open?.session === undefined) {
    throw new Failure("NOT_AWAITED", "no Sign of this client waits for this transaction's code");
  }
  if (!/^[0-9]{6,10}$/.test(request.code)) {
    throw new Failure("BAD_REQUEST", "code must be 6 to 10 digits", { field: "code" });
  }
  if (open.hasKeypad)
    throw new Failure("NOT_AWAITED", "this key has a keypad: the code is typed there and nowhere else");
  await open.session.supplyCode(request.code);
  return {};
}

/** Cancel: ends the caller's own Sign. What others began is not touched, and there is nothing to learn about it. */
export function cancel(given: Given, request: CancelRequest, caller: Caller): Record<string, never> {
  for (const open of given.signs.of(caller.client, request.transactionId)) open.cancel();
  return {};
}

function localKeyOf(attached: AttachedKey): LocalKey {
  return attached.kind === "fido2" ? localFidoKeyOf(attached) : localCountersignKeyOf(attached);
}

function localCountersignKeyOf({ deviceId, info }: AttachedCountersign): LocalKey {
  return LocalKey.create({
    deviceId,
    type: LocalKeyType.COUNTERSIGN,
    model: info.model,
    serial: info.serial,
    hasDisplay: info.display !== undefined,
    hasKeypad: info.keypad,
    hasBiometric: info.biometric,
    pinSet: info.pinState !== PinState.NONE,
    pinRetries: info.retries,
    registryVersion: info.registryVersion,
    glyphProfile: info.glyphProfile === GlyphProfile.LATIN ? "latin" : "ascii",
    maxRequest: info.maxRequest,
    firmware: info.firmware,
  });
}

function localFidoKeyOf({ deviceId, info }: AttachedFido): LocalKey {
  return LocalKey.create({ deviceId, type: LocalKeyType.FIDO2, ...info });
}
