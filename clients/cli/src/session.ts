import { fromHex } from "@countersign/protocol";
import {
  CoreError,
  KeyError,
  isLoopback,
  openCore,
  openDaemon,
  readTokenFile,
  type ConfirmGiven,
  type CoreConnection,
  type DaemonConnection,
  type LocalKey,
  type Pinned,
  type Token,
  type UserProof,
} from "@countersign/sdk";
import { CliError, environment, refused } from "./cli-error.ts";
import { ExitCode } from "./exit-code.ts";
import { printable } from "./output/printable.ts";
import type { Terminal } from "./output/terminal.ts";
import type { Settings } from "./settings/settings.ts";

/** What a command runs with. */
export interface CommandGiven {
  readonly settings: Settings;
  readonly terminal: Terminal;
}

/** Runs with an open connection and closes it. */
export async function withCore<T>(given: CommandGiven, run: (core: CoreConnection) => Promise<T>): Promise<T> {
  const core = connect(given);
  try {
    return await run(core);
  } finally {
    core.close();
  }
}

function connect(given: CommandGiven): CoreConnection {
  given.settings.need("core");
  const tokenFile = given.settings.need("tokenFile");
  return openWithToken(
    given,
    inEnvironment(() => readTokenFile(tokenFile)),
  );
}

/** A connection whose calls carry this token. Throws a CliError when address or TLS files cannot be right. */
export function openWithToken({ settings, terminal }: CommandGiven, token: Token): CoreConnection {
  const address = settings.need("core");
  const [caFile, certFile, keyFile] = [settings.get("ca"), settings.get("cert"), settings.get("certKey")];
  const tls = isLoopback(address) && caFile === undefined ? undefined : definedOnly({ caFile, certFile, keyFile });
  const patience = settings.get("patience");
  const patienceMs = patience === undefined ? undefined : Number(patience) * 1000;
  const onSilence = (): void => terminal.progress(`the core at ${address} does not answer; waiting for it`);
  return inEnvironment(() => openCore({ address, token, tls, patienceMs, onSilence }));
}

function inEnvironment<T>(open: () => T): T {
  try {
    return open();
  } catch (error) {
    throw environment(error instanceof Error ? error.message : String(error));
  }
}

function definedOnly(files: Record<"caFile" | "certFile" | "keyFile", string | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(files).flatMap(([name, path]) => (path === undefined ? [] : [[name, path]])),
  );
}

/** Runs with an open daemon connection and closes it. */
export async function withDaemon<T>(
  { settings }: CommandGiven,
  run: (daemon: DaemonConnection) => Promise<T>,
): Promise<T> {
  const daemon = openDaemon(settings.need("daemon"));
  try {
    return await run(daemon);
  } finally {
    daemon.close();
  }
}

export function pinnedOf(settings: Settings): Pinned {
  return { serverId: settings.need("serverId"), publicKeys: settings.need("coreKeys").map(fromHex) };
}

/** The key that is to be asked: `default` or nothing is the only one, else by device id or serial. Exit 14 without one. */
export async function chooseKey(
  daemon: DaemonConnection,
  wanted: string | undefined,
  fits: (key: LocalKey) => boolean = () => true,
): Promise<LocalKey> {
  const keys = (await localKeys(daemon)).filter(fits);
  if (keys.length === 0) throw new CliError(ExitCode.NO_KEY, "no key found; plug it in, or see: countersign doctor");
  if (wanted === undefined || wanted === "default") {
    const [only] = keys;
    if (only !== undefined && keys.length === 1) return only;
    const names = keys.map(({ serial, deviceId }) => serial || deviceId).join(", ");
    throw refused(`--key: several keys are plugged in; name one of ${printable(names)}`);
  }
  // A device chooses its serial itself, and may choose that of the key that is meant.
  if (keys.filter(({ serial }) => serial === wanted).length > 1)
    throw refused(
      `--key ${printable(wanted)}: two devices say that they are this key; unplug the one that is not yours`,
    );
  const found = keys.find((key) => key.deviceId === wanted || (key.serial !== "" && key.serial === wanted));
  if (found === undefined) throw new CliError(ExitCode.NO_KEY, `--key ${wanted}: is not plugged in`);
  return found;
}

/** Plugged keys. A daemon that does not answer is the environment's fault, not the key's. */
export async function localKeys(daemon: DaemonConnection): Promise<LocalKey[]> {
  try {
    return await daemon.listKeys();
  } catch (error) {
    if (error instanceof KeyError) return [];
    if (!(error instanceof CoreError)) throw error;
    throw environment("the device daemon does not answer; start it, or name its socket with --daemon");
  }
}

/** What confirm() needs, with Ctrl-C bound to its withdrawal; `release` ends the binding. */
export function confirmGiven(
  given: CommandGiven,
  core: CoreConnection,
  daemon: DaemonConnection,
  key: LocalKey,
  verifyFirst?: UserProof,
): { readonly confirm: ConfirmGiven; readonly release: () => void } {
  const stop = new AbortController();
  const { terminal } = given;
  let times = 0;
  const release = terminal.io.onInterrupt(() => {
    times += 1;
    if (times === 1) terminal.progress("withdrawing");
    stop.abort();
  });
  const pinned = pinnedOf(given.settings);
  const { io } = terminal;
  const confirm = {
    ...{ core, daemon, pinned, deviceId: key.deviceId, requester: "countersign", signal: stop.signal, verifyFirst },
    // Never for a key that takes the code itself: a program that asks for it here would be a false one.
    askCode: key.hasKeypad ? undefined : (signal: AbortSignal) => io.readSecret("Code from your phone", signal),
  };
  return { confirm, release };
}
