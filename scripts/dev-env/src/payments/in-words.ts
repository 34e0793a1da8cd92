import { spawn } from "node:child_process";
import { FROM_SOURCE, ROOT } from "@countersign/testing/child";
import type { Desk } from "../desk.ts";
import type { Installation } from "../installation.ts";

/** The command as a person runs it, who reads its words: no --json. Resolves when it has ended. */
export function inWords(
  installation: Pick<Installation, "coreAddress" | "submitTokenFile" | "serverId" | "corePublicKey">,
  desk: Pick<Desk, "userId" | "daemonSocket" | "folder">,
  args: readonly string[],
): Promise<{ readonly exit: number; readonly words: string }> {
  const client = spawn(
    process.execPath,
    [
      ...[...FROM_SOURCE, `${ROOT}clients/cli/src/main.ts`, "--patience", "2"],
      ...["--core", installation.coreAddress, "--token-file", installation.submitTokenFile, "--user", desk.userId],
      ...["--server-id", installation.serverId, "--core-key", installation.corePublicKey],
      ...["--daemon", desk.daemonSocket.replace("unix:", ""), ...args],
    ],
    {
      cwd: desk.folder,
      env: { NODE_COMPILE_CACHE: `${ROOT}node_modules/.cache/compiled`, ...process.env },
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  let words = "";
  for (const stream of [client.stdout, client.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => (words += text));
  return new Promise((resolve, reject) => {
    client.once("error", reject);
    client.once("close", (code) => resolve({ exit: code ?? 1, words }));
  });
}
