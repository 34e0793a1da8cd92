import {
  KeyServiceConfirmFingerprintRequest,
  KeyServiceRenameRequest,
  KeyServiceRevokeRequest,
  type Key,
} from "@countersign/proto/node/core/v1/key_service";
import { call } from "@countersign/sdk";
import { refused } from "../cli-error.ts";
import { ExitCode } from "../exit-code.ts";
import { printable } from "../output/printable.ts";
import { withCore, type CommandGiven } from "../session.ts";
import { findKeyId, KEY_STATES } from "./enrolled-key.ts";

/** `countersign key rename KEY NAME`: "" takes the name away. */
export function keyRenameCommand(wanted: string, name: string, given: CommandGiven): Promise<ExitCode> {
  return withCore(given, async (core) => {
    const keyId = await findKeyId(core, given.settings.need("user"), wanted);
    const request = KeyServiceRenameRequest.create({ keyId, name });
    const { key } = await call(core.keys.rename.bind(core.keys), request, core);
    const words = key === undefined || key.name === "" ? "has no name any more" : `is called "${key.name}" now`;
    return tell(keyId, key, words, given);
  });
}

/** `countersign key revoke KEY`: at once and for good, also where it is being asked right now. */
export function keyRevokeCommand(wanted: string, given: CommandGiven): Promise<ExitCode> {
  return withCore(given, async (core) => {
    const keyId = await findKeyId(core, given.settings.need("user"), wanted);
    const request = KeyServiceRevokeRequest.create({ keyId });
    const { key } = await call(core.keys.revoke.bind(core.keys), request, core);
    return tell(keyId, key, "is revoked for good: nothing it signs counts any more. Every channel is told", given);
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
    return tell(keyId, key, KEY_STATES[key?.state ?? 0] ?? "", given);
  });
}

function tell(keyId: string, key: Key | undefined, words: string, { terminal }: CommandGiven): ExitCode {
  terminal.record({ state: KEY_STATES[key?.state ?? 0], keyId, name: key?.name ?? "" });
  terminal.result(`  ${terminal.sign("done")} ${printable(`key ${keyId} ${words}`)}`);
  return ExitCode.DONE;
}
