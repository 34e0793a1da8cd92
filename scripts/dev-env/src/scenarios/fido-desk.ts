import { chmodSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT, startChild, type Child } from "@countersign/testing/child";
import type { Desk, Sitter } from "../desk.ts";
import type { Installation } from "../installation.ts";

/** A desk with a FIDO2 key from the drawer and a daemon that asks by pinentry. Nothing is set up yet. */
export interface FidoDesk extends Desk {
  /** What is typed at the next prompts of the daemon; undefined: nobody answers that one. */
  willType(...texts: readonly (string | undefined)[]): void;
}

const PIN = "key 4829";

export async function startFidoDesk(installation: Installation, { userId, chatId }: Sitter): Promise<FidoDesk> {
  const folder = mkdtempSync(join(installation.folder, "fido-"));
  const socket = join(folder, "key.sock");
  const key = await startChild("device-daemon/emulator/src/main.ts", [
    ...["--profile", "fido2", "--fido-socket", socket, "--control", "0", "--store", join(folder, "key")],
  ]);
  const children: Child[] = [key];
  const stop = async (): Promise<void> => {
    await Promise.all(children.map((child) => child.stop()));
  };
  try {
    const pinentry = pinentryIn(folder);
    const run = join(folder, "d");
    mkdirSync(run, { mode: 0o700 });
    const daemonSocket = join(run, "daemon.sock");
    const flags = [
      "--socket",
      daemonSocket,
      "--fido-socket",
      socket,
      "--key-patience",
      "30",
      "--pinentry",
      pinentry.path,
    ];
    children.push(await startChild("device-daemon/daemon/src/main.ts", flags));
    return {
      ...{ userId, pin: PIN, serial: "", folder, children, stop, willType: pinentry.willType },
      keyUrl: String(key.ready["control"]),
      phoneUrl: installation.phoneOf(chatId),
      daemonSocket: `unix:${daemonSocket}`,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The daemon's own strict pinentry for tests, answered from a file. */
function pinentryIn(folder: string): { readonly path: string; readonly willType: FidoDesk["willType"] } {
  const path = join(folder, "pinentry");
  const main = join(ROOT, "device-daemon/daemon/src/testing/fake-pinentry-main.ts");
  writeFileSync(path, `#!/bin/sh\nexec "${process.execPath}" "${main}" "${folder}"\n`);
  chmodSync(path, 0o700);
  const willType = (...texts: readonly (string | undefined)[]): void => {
    const acts = texts.map((text) => (text === undefined ? "wait" : `answer ${JSON.stringify(text)}`));
    writeFileSync(join(folder, "answers"), acts.join("\n"));
  };
  willType();
  return { path, willType };
}
