import { encodeKeyList, encodeOk, encodeRefused, KEYS_PER_ANSWER, Status, UserMethod } from "@countersign/key-protocol";
import { type CborValue, encodeCbor } from "@countersign/protocol";
import type { Device } from "../device.ts";
import { deletePrompt, resetPrompt } from "../display/prompts.ts";
import { wipedFido } from "../fido/fido-state.ts";
import type { Ending, Flow } from "../prompt.ts";
import { PIN_RETRIES } from "../storage/key-state.ts";
import { confirm } from "./confirm.ts";
import { verifyHuman } from "./verify-human.ts";

/** A reset is taken this long after the key got its power, in milliseconds. */
export const RESET_WINDOW_MS = 10_000;

/** OK this many times stands for the long press, for those who cannot hold a button. */
const RESET_PRESSES = 3;

const notAllowed: Ending = { reply: encodeRefused({ status: Status.NOT_ALLOWED }) };
const denied: Ending = { reply: encodeRefused({ status: Status.USER_DENIED }) };

/** PIN or finger before anything is sent. */
export function* verifyUserFlow(device: Device, channel: number, method: UserMethod): Flow<Ending> {
  const isBuilt = method === UserMethod.PIN ? device.profile.keypad : device.profile.finger;
  if (!isBuilt) return { reply: encodeRefused({ status: Status.UNSUPPORTED }) };
  device.session.end();
  const verified = yield* verifyHuman(device, method === UserMethod.PIN ? "pin" : "biometric");
  if (verified === "reject" || verified === "back") return denied;
  if ("refused" in verified) return { reply: encodeRefused(verified.refused) };
  device.session.begin(channel, verified.proven);
  const used = verified.proven === "pin" ? UserMethod.PIN : UserMethod.BIOMETRIC;
  return { reply: encodeOk(encodeCbor(new Map<number, CborValue>([[1, used]]))) };
}

/** Ids of the credentials, for a user who has proven that he is there. */
export function listKeys(device: Device, channel: number, from: number): Ending {
  if (device.session.of(channel) === undefined) return notAllowed;
  const { credentials } = device.vault.state;
  const keys = credentials.slice(from, from + KEYS_PER_ANSWER);
  return { reply: encodeOk(encodeKeyList({ total: credentials.length, keys })) };
}

/** Wipes one credential, after a look at the server's name. */
export function* deleteKeyFlow(device: Device, channel: number, keyId: Uint8Array): Flow<Ending> {
  if (device.session.of(channel) === undefined) return notAllowed;
  const credential = device.vault.credential(keyId);
  if (credential === undefined) return { reply: encodeRefused({ status: Status.NO_KEY }) };
  if (!(yield* confirm(deletePrompt(credential.serverName)))) return denied;
  device.vault.change((state) => ({
    ...state,
    credentials: state.credentials.filter((each) => each.keyId !== credential.keyId),
  }));
  return { reply: encodeOk() };
}

/** Wipes PINs, fingers and credentials, FIDO's too; only just after plug-in, only by the buttons. The device's own keys stay. */
export function* resetFlow(device: Device, poweredAt: number): Flow<Ending> {
  if (device.clock.now() - poweredAt > RESET_WINDOW_MS) return notAllowed;
  if (!(yield* pressLong())) return denied;
  device.session.end();
  device.vault.change(({ attestation, fido }) => ({
    attestation,
    retries: PIN_RETRIES,
    credentials: [],
    ...(fido === undefined ? {} : { fido: wipedFido(fido, device.random) }),
  }));
  device.finger.wake();
  return { reply: encodeOk() };
}

function* pressLong(): Flow<boolean> {
  let more = RESET_PRESSES;
  while (more > 0) {
    const input = yield resetPrompt(more);
    if (input.type === "hold") return true;
    if (input.type === "key" && input.key === "reject") return false;
    if (input.type === "key" && input.key === "ok") more--;
  }
  return true;
}
