import { randomUUID } from "node:crypto";
import { decodeEnrolment, fingerprintOf, parseSigned } from "@countersign/protocol";
import {
  FidoCredentialCreation,
  KeyServiceBeginEnrolmentRequest,
  KeyServiceFinishEnrolmentRequest,
  type KeyServiceBeginEnrolmentResponse,
  type KeyServiceFinishEnrolmentResponse,
} from "@countersign/proto/node/core/v1/key_service";
import {
  call,
  isFido,
  Token,
  type CoreConnection,
  type DaemonConnection,
  type EnrolledByKey,
  type FidoRegistration,
  type LocalKey,
} from "@countersign/sdk";
import { CliError, refused } from "../cli-error.ts";
import { readInvitation } from "../enrolment-link.ts";
import { ExitCode } from "../exit-code.ts";
import { printable } from "../output/printable.ts";
import { chooseKey, openWithToken, withCore, withDaemon, type CommandGiven } from "../session.ts";
import { KEY_STATES } from "./enrolled-key.ts";
import { followKey } from "./key-events.ts";
import { takeToKey } from "./take-to-key.ts";

interface EnrolOptions {
  readonly key?: string;
  readonly serial?: string;
  readonly digits?: boolean;
  readonly fido?: boolean;
  readonly name?: string;
  readonly recovery?: string;
  readonly confirmWith?: string;
  /** A file with the link of an administrator; `-`: stdin. */
  readonly invitation?: string;
}

/** `countersign key enrol`: a first key becomes active by serial or digits; a further one is confirmed on an old key. */
export function keyEnrolCommand(options: EnrolOptions, given: CommandGiven): Promise<ExitCode> {
  if (options.invitation !== undefined) return enrolInvited(options.invitation, options, given);
  return withDaemon(given, async (daemon) => {
    const device = await chooseKey(daemon, options.key, options.fido === true ? isFido : undefined);
    if (isFido(device) && (options.serial !== undefined || options.digits === true))
      throw refused("--serial, --digits: a FIDO2 key can prove neither; leave them away");
    return withCore(given, async (core) => {
      const token = await begin(core, device, options, given);
      const made = await enrolOn(daemon, device, token, options, given);
      const done = await finishEnrolment({ core, token: core.token }, token, made, options.name ?? "");
      tell(done, made, given);
      return confirmFurther(done, { core, daemon }, options, given);
    });
  });
}

/** By the link of an administrator: no app's token is needed, and nothing but the one-time token in it goes along. */
async function enrolInvited(path: string, options: EnrolOptions, given: CommandGiven): Promise<ExitCode> {
  if (options.serial !== undefined || options.digits === true || options.recovery !== undefined)
    throw refused("--serial, --digits, --recovery: an invitation has none of them; leave them away");
  const token = checkedServer(readInvitation(path), given);
  return withDaemon(given, async (daemon) => {
    const device = await chooseKey(daemon, options.key, (key) => isFido(key) === (token.fido !== undefined));
    const core = openWithToken(given, new Token(token.enrolmentToken));
    try {
      const made = await enrolOn(daemon, device, token, options, given);
      const done = await finishEnrolment({ core, token: undefined }, token, made, options.name ?? "");
      tell(done, made, given);
      return await confirmFurther(done, { core, daemon }, options, given);
    } finally {
      core.close();
    }
  });
}

/** A first key has nothing to confirm; a further one is confirmed on a key that is active. */
export async function confirmFurther(
  done: KeyServiceFinishEnrolmentResponse,
  { core, daemon }: { readonly core: CoreConnection; readonly daemon: DaemonConnection },
  options: Pick<EnrolOptions, "key" | "confirmWith">,
  given: CommandGiven,
): Promise<ExitCode> {
  if (done.transaction === undefined) return ExitCode.DONE;
  given.terminal.progress("A further key is confirmed on a key you have already.");
  const old = await chooseKey(daemon, options.confirmWith ?? options.key);
  return takeToKey(done, { core, daemon, key: old }, given);
}

async function begin(
  core: CoreConnection,
  device: LocalKey,
  options: EnrolOptions,
  { settings, terminal }: CommandGiven,
): Promise<KeyServiceBeginEnrolmentResponse> {
  const request = KeyServiceBeginEnrolmentRequest.create({
    ...{ requestId: randomUUID(), userId: settings.need("user") },
    ...{ serial: options.serial ?? "", digits: options.digits ?? false },
    ...{ fido: isFido(device), recoveryId: options.recovery ?? "" },
  });
  const token = checkedServer(await call(core.keys.beginEnrolment.bind(core.keys), request, core), { settings });
  if (token.digits !== "") terminal.progress(`Give these digits to the user off this PC: ${printable(token.digits)}`);
  return token;
}

/** Throws when it is for keys of another core than the one that is pinned. */
export function checkedServer(
  token: KeyServiceBeginEnrolmentResponse,
  { settings }: Pick<CommandGiven, "settings">,
): KeyServiceBeginEnrolmentResponse {
  if (token.serverId !== settings.need("serverId"))
    throw new CliError(ExitCode.UNVERIFIED, "the core is not the one of the set-up");
  return token;
}

/** The key makes a credential for it. */
export async function enrolOn(
  daemon: DaemonConnection,
  device: LocalKey,
  token: KeyServiceBeginEnrolmentResponse,
  options: Pick<EnrolOptions, "digits">,
  given: CommandGiven,
): Promise<EnrolledByKey> {
  const { deviceId } = device;
  const { serverId, serverName, challenge, fido } = token;
  if (isFido(device)) {
    if (fido === undefined) throw new CliError(ExitCode.NOT_CONFIRMED, "this core enrols no FIDO2 keys");
    given.terminal.progress(
      `${given.terminal.sign("warning")} A FIDO2 key shows nothing and takes the code on this PC:`,
    );
    given.terminal.progress("your phone will be your only trusted view, and the policy may allow less with it.");
  }
  const asked = {
    ...{ deviceId, serverId, serverName, challenge, digits: options.digits ?? false },
    fido: fido && {
      ...{ rpId: fido.rpId, userHandle: fido.userHandle, userName: fido.userName },
      excludeCredentialIds: fido.exclude.map(({ credentialId }) => credentialId),
    },
  };
  for await (const made of followKey<EnrolledByKey>(daemon.enrol(asked), given)) return made;
  throw new CliError(ExitCode.NO_KEY, "the key gave no answer");
}

/** With an app's token, or with none: the one-time token in the request is enough. */
export function finishEnrolment(
  { core, token }: { readonly core: CoreConnection; readonly token: Token | undefined },
  { enrolmentToken }: KeyServiceBeginEnrolmentResponse,
  made: EnrolledByKey,
  name: string,
): Promise<KeyServiceFinishEnrolmentResponse> {
  const proof = "fido" in made ? { fido: toWire(made.fido) } : { signedEnrolment: Buffer.from(made.signedEnrolment) };
  const request = KeyServiceFinishEnrolmentRequest.create({ enrolmentToken, name, ...proof });
  return call(core.keys.finishEnrolment.bind(core.keys), request, { ...core, token });
}

function toWire({ transports, ...bytes }: FidoRegistration): FidoCredentialCreation {
  const { credentialId, clientDataJson, attestationObject } = bytes;
  return FidoCredentialCreation.create({
    ...{ credentialId: Buffer.from(credentialId), clientDataJson: Buffer.from(clientDataJson) },
    ...{ attestationObject: Buffer.from(attestationObject), transports },
  });
}

function tell({ key }: KeyServiceFinishEnrolmentResponse, made: EnrolledByKey, { terminal }: CommandGiven): void {
  const state = KEY_STATES[key?.state ?? 0] ?? "";
  const own = "fido" in made ? undefined : ownFingerprint(made.signedEnrolment);
  const fingerprint = own ?? key?.fingerprint ?? "";
  terminal.record({ state, keyId: key?.keyId, fingerprint, name: key?.name ?? "" });
  const words = printable(`key ${key?.keyId ?? ""} ${state}, fingerprint ${fingerprint}`);
  terminal.result(`  ${terminal.sign("done")} ${words}`);
  if (state !== "PROVISIONAL") return;
  terminal.result(
    "fido" in made
      ? "  It waits until a key you have confirms it, or the relying party confirms its fingerprint."
      : "  Read the fingerprint from the key's display; then: countersign key confirm ID --fingerprint …",
  );
}

/** The fingerprint of the key that signed, computed here. */
function ownFingerprint(signed: Uint8Array): string | undefined {
  try {
    return fingerprintOf(decodeEnrolment(parseSigned(signed).payload).publicKey);
  } catch {
    return undefined;
  }
}
