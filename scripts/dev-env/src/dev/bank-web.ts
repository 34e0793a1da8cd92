import { randomBytes } from "node:crypto";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startChild, type Child } from "@countersign/testing/child";
import type { Installation } from "../installation.ts";
import { webSite } from "./console-site.ts";

interface BankWebOptions {
  /** Where pages reach the core. */
  readonly coreWeb: string;
  /** Who may log in. */
  readonly user: string;
  readonly port: number;
  /** For what goes at the end. */
  readonly run: string;
}

/** Starts the bank's page of an installation: docs/how-to/web-client.md. */
export async function startBankWeb(
  { folder, coreAddress, serverId, corePublicKey, submitTokenFile }: Installation,
  { coreWeb, user, port, run }: BankWebOptions,
): Promise<{ readonly child: Child; readonly passwordFile: string }> {
  const passwordFile = join(folder, "web-password");
  if (!existsSync(passwordFile)) writeFileSync(passwordFile, `${randomBytes(6).toString("hex")}\n`, { mode: 0o600 });
  const setUp = {
    ...{ core: coreAddress, coreWeb, serverId, coreKeys: [corePublicKey], tokenFile: submitTokenFile },
    users: { [user]: passwordFile },
  };
  const path = join(folder, "bank-web.json");
  writeFileSync(path, `${JSON.stringify(setUp, null, 2)}\n`, { mode: 0o600 });
  const child = await startChild("examples/bank/src/web/main.ts", [
    ...["--set-up", path, "--site", await webSite(run), "--listen", `127.0.0.1:${port}`],
  ]);
  return { child, passwordFile };
}
