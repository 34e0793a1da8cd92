import type { Key } from "@countersign/proto/node/core/v1/key_service";
import { isFido, type LocalKey } from "@countersign/sdk";
import { ExitCode } from "../exit-code.ts";
import { keyText } from "../output/key-text.ts";
import { momentText } from "../output/moment-text.ts";
import { printable } from "../output/printable.ts";
import { localKeys, withCore, withDaemon, type CommandGiven } from "../session.ts";
import { enrolledKeys, KEY_STATES, KEY_TYPES } from "./enrolled-key.ts";

/** `countersign key list`: keys plugged in, and those the core knows when it can be asked. */
export async function keyListCommand(given: CommandGiven): Promise<ExitCode> {
  const { settings } = given;
  for (const key of await withDaemon(given, localKeys)) tellLocal(key, given);
  const userId = settings.get("user");
  if (userId === undefined || settings.get("core") === undefined) return ExitCode.DONE;
  return withCore(given, async (core) => {
    for (const key of await enrolledKeys(core, userId)) tellEnrolled(key, given);
    return ExitCode.DONE;
  });
}

function tellLocal(key: LocalKey, { terminal }: CommandGiven): void {
  const { deviceId, model, serial, pinSet, pinRetries, hasDisplay, hasKeypad, hasBiometric, firmware } = key;
  const type = isFido(key) ? "FIDO2" : "COUNTERSIGN";
  const has = { hasDisplay, hasKeypad, hasBiometric };
  terminal.record({ where: "local", deviceId, type, model, serial, firmware, pinSet, pinRetries, ...has });
  const pin = pinSet ? `PIN set, ${pinRetries} tries left` : "no PIN yet: countersign key set-pin";
  terminal.result(printable(`here  ${serial || deviceId}  ${model}  ${keyText(key)}  ${pin}`));
}

function tellEnrolled(key: Key, { terminal }: CommandGiven): void {
  const { keyId, model, serial, fingerprint, name, attested } = key;
  const state = KEY_STATES[key.state] ?? "";
  const type = KEY_TYPES[key.type] ?? "";
  const [enrolledAt, heldUntil] = [momentText(key.enrolledAt), momentText(key.heldUntil)];
  terminal.record({
    ...{ where: "core", keyId, name, state, type, model, serial, fingerprint, attested, enrolledAt, heldUntil },
    ...(key.fido === undefined ? {} : { backupEligible: key.fido.backupEligible, backedUp: key.fido.backedUp }),
  });
  const words = [
    ...[keyId, state, name === "" ? "-" : `"${name}"`, serial || model || "-", fingerprint],
    ...(type === "FIDO2" ? ["FIDO2: no display, weaker"] : []),
    ...(type === "PASSKEY" ? ["passkey: no display, may be copied, weakest"] : []),
    ...(state !== "REVOKED" && isHeld(key) ? [`not for high value before ${heldUntil}`] : []),
  ];
  terminal.result(printable(`core  ${words.join("  ")}`));
}

/** By this PC's clock, for the words alone: the core judges by its own. */
function isHeld({ heldUntil }: Key): boolean {
  return heldUntil !== undefined && Number(heldUntil.seconds) * 1000 > Date.now();
}
