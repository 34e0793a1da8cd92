import { randomUUID } from "node:crypto";
import { decodeEnrolment, fingerprintOf, parseSigned } from "@countersign/protocol";
import {
  KeyServiceBeginEnrolmentRequest,
  KeyServiceConfirmFingerprintRequest,
  KeyServiceFinishEnrolmentRequest,
  KeyServiceListRequest,
  KeyState,
} from "@countersign/proto/node/core/v1/key_service";
import { call, KeyError, type KeyStep } from "@countersign/sdk";
import { CliError, refused } from "../cli-error.ts";
import { ExitCode } from "../exit-code.ts";
import { keyText } from "../output/key-text.ts";
import { printable } from "../output/printable.ts";
import { chooseKey, localKeys, withCore, withDaemon, type CommandGiven } from "../session.ts";
import { takeToKey } from "./take-to-key.ts";

/** `countersign key list`: keys plugged in, and those the core knows when it can be asked. */
export async function keyListCommand(given: CommandGiven): Promise<ExitCode> {
  const { terminal, settings } = given;
  const plugged = await withDaemon(given, localKeys);
  for (const key of plugged) {
    const { deviceId, model, serial, pinSet, pinRetries } = key;
    terminal.record({ where: "local", deviceId, model, serial, pinSet, pinRetries });
    const pin = pinSet ? `PIN set, ${pinRetries} tries left` : "no PIN yet: countersign key set-pin";
    terminal.result(printable(`here  ${serial}  ${model}  ${keyText(key)}  ${pin}`));
  }
  const userId = settings.get("user");
  if (userId === undefined || settings.get("core") === undefined) return ExitCode.DONE;
  return withCore(given, async (core) => {
    const { keys } = await call(core.keys.list.bind(core.keys), KeyServiceListRequest.create({ userId }), core);
    for (const { keyId, state, model, serial, fingerprint } of keys) {
      terminal.record({ where: "core", keyId, state: KEY_STATES[state] ?? "", model, serial, fingerprint });
      terminal.result(printable(`core  ${keyId}  ${KEY_STATES[state] ?? ""}  ${serial}  ${fingerprint}`));
    }
    return ExitCode.DONE;
  });
}

const KEY_STATES: Readonly<Record<number, string>> = {
  [KeyState.PROVISIONAL]: "PROVISIONAL",
  [KeyState.ACTIVE]: "ACTIVE",
  [KeyState.REVOKED]: "REVOKED",
};

/** `countersign key enrol`: a first key becomes active by serial or digits; a further one is confirmed on an old key. */
export function keyEnrolCommand(
  options: {
    readonly key?: string;
    readonly serial?: string;
    readonly digits?: boolean;
    readonly confirmWith?: string;
  },
  given: CommandGiven,
): Promise<ExitCode> {
  const userId = given.settings.need("user");
  const { terminal, settings } = given;
  return withDaemon(given, async (daemon) => {
    const device = await chooseKey(daemon, options.key);
    return withCore(given, async (core) => {
      const begin = { requestId: randomUUID(), userId, serial: options.serial ?? "", digits: options.digits ?? false };
      const token = await call(
        core.keys.beginEnrolment.bind(core.keys),
        KeyServiceBeginEnrolmentRequest.create(begin),
        core,
      );
      if (token.serverId !== settings.need("serverId"))
        throw new CliError(ExitCode.UNVERIFIED, "the core is not the one of the set-up");
      if (token.digits !== "")
        terminal.progress(`Give these digits to the user off this PC: ${printable(token.digits)}`);
      const { serverId, serverName, challenge } = token;
      const asked = { deviceId: device.deviceId, serverId, serverName, challenge, digits: begin.digits };
      let signed: Uint8Array | undefined;
      for await (const event of keyEvents(daemon.enrol(asked))) {
        if (typeof event === "string") tellStep(event, given);
        else signed = event;
      }
      if (signed === undefined) throw new CliError(ExitCode.NO_KEY, "the key gave no answer");
      const finish = { enrolmentToken: token.enrolmentToken, signedEnrolment: Buffer.from(signed) };
      const done = await call(
        core.keys.finishEnrolment.bind(core.keys),
        KeyServiceFinishEnrolmentRequest.create(finish),
        core,
      );
      const state = KEY_STATES[done.key?.state ?? 0] ?? "";
      const fingerprint = ownFingerprint(signed) ?? done.key?.fingerprint ?? "";
      terminal.record({ state, keyId: done.key?.keyId, fingerprint });
      terminal.result(
        `  ${terminal.sign("done")} key ${printable(done.key?.keyId ?? "")} ${state}, fingerprint ${printable(fingerprint)}`,
      );
      if (done.transaction !== undefined) {
        terminal.progress("A further key is confirmed on a key you have already.");
        const old = await chooseKey(daemon, options.confirmWith ?? options.key);
        return takeToKey(done, { core, daemon, key: old }, given);
      }
      if (state === "PROVISIONAL")
        terminal.result(
          "  Read the fingerprint from the key's display; then: countersign key confirm ID --fingerprint …",
        );
      return ExitCode.DONE;
    });
  });
}

/** `countersign key confirm ID --fingerprint F`: what the user read from the key's display. */
export function keyConfirmCommand(
  keyId: string,
  options: { readonly fingerprint: string },
  given: CommandGiven,
): Promise<ExitCode> {
  if (!/^[0-9a-f]{32}$/.test(keyId)) throw refused(`"${printable(keyId)}" is no key id of 32 hexadecimal digits`);
  return withCore(given, async (core) => {
    const request = KeyServiceConfirmFingerprintRequest.create({ keyId, fingerprint: options.fingerprint });
    const { key } = await call(core.keys.confirmFingerprint.bind(core.keys), request, core);
    given.terminal.record({ state: KEY_STATES[key?.state ?? 0], keyId });
    given.terminal.result(`  ${given.terminal.sign("done")} key ${keyId} ${KEY_STATES[key?.state ?? 0] ?? ""}`);
    return ExitCode.DONE;
  });
}

/** `countersign key set-pin`: typed on the key, never here. */
export function keySetPinCommand(options: { readonly key?: string }, given: CommandGiven): Promise<ExitCode> {
  const { terminal } = given;
  return withDaemon(given, async (daemon) => {
    const { deviceId } = await chooseKey(daemon, options.key);
    for await (const step of keyEvents(daemon.setPin(deviceId))) tellStep(step, given);
    terminal.record({ state: "PIN_SET" });
    terminal.result(`  ${terminal.sign("done")} PIN set`);
    return ExitCode.DONE;
  });
}

/** The fingerprint of the key that signed, computed here. */
function ownFingerprint(signed: Uint8Array): string | undefined {
  try {
    return fingerprintOf(decodeEnrolment(parseSigned(signed).payload).publicKey);
  } catch {
    return undefined;
  }
}

function tellStep(step: KeyStep, { terminal }: CommandGiven): void {
  terminal.record({ step: step.toUpperCase() });
  terminal.status(() => "Look at your KEY and follow it. What you type is typed on the key.");
}

async function* keyEvents<T>(events: AsyncIterable<T>): AsyncGenerator<T, void> {
  try {
    yield* events;
  } catch (error) {
    if (!(error instanceof KeyError)) throw error;
    const why = error.status === "" ? error.message : `${error.status}: ${error.message}`;
    throw new CliError(error.reason === "KEY_BUSY" ? ExitCode.BUSY : ExitCode.NO_KEY, `the key: ${why}`);
  }
}
