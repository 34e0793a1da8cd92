#!/usr/bin/env node
// The core's program: serve, bootstrap, verify-audit, backup, rotate-code-key, reset-administration. Configuration is read once, here; stdout carries JSON lines alone.
import { readFileSync } from "node:fs";
import { parseArgs, type ParseArgsConfig } from "node:util";
import { setFlagsFromString } from "node:v8";
import { toHex, type MacKey } from "@countersign/protocol";
import { backUp } from "./audit/back-up.ts";
import { describeFinding, verifyAudit, type AuditReport } from "./audit/verify-audit.ts";
import { resetAdministration } from "./admin/reset-administration.ts";
import { bootstrap } from "./bootstrap.ts";
import { isRotation, rotateCodeKey } from "./code/rotate-code-key.ts";
import { BOOTSTRAP_FLAGS, readBootstrap } from "./bootstrap-options.ts";
import { ConfigError, describeSettings, readConfig, STORE_FLAGS } from "./config.ts";
import { loadOrCreateSecrets } from "./secrets.ts";
import { startCore } from "./start-core.ts";

const USAGE = `Usage: countersign-core serve | bootstrap | verify-audit | backup | rotate-code-key |
       reset-administration [OPTIONS] | --version

serve: answers gRPC until SIGTERM or SIGINT. Flags go before variables, those before --config FILE (JSON).
${describeSettings()
  .map(({ flag, variable, meaning }) => `  --${flag.padEnd(19)} ${variable.padEnd(31)} ${meaning}`)
  .join("\n")}

bootstrap: makes a tenant with its apps and bots on a data folder that no core uses; tokens go to 0600 files.
  --data DIR | --store URL [--store-replicas N] [--store-password-file FILE] [--store-ca FILE]
  --secrets DIR --out DIR --tenant NAME --issuer NAME [--policy FILE] [--development]
  [--app NAME:submit|execute]... [--bot NAME:telegram|matrix|mail|sms|sandbox]...

verify-audit: says whether the audit chains of a store hold, also beside a core that runs on it. Exits 1 if not.
  --data DIR [--secrets DIR]   with the secrets every stored entity is checked too
  --store URL [--store-replicas N] [--store-password-file FILE] [--store-ca FILE] --secrets DIR
  [--seal FILE]     writes the heads of all chains, signed, to a new file: keep it elsewhere
  [--sealed FILE]   holds the chains against such a file: each must lead through the head that was sealed

backup: copies the store of a data folder to a new folder, also beside a core that runs on it, and verifies the copy. Exits 1
if it does not hold. The secrets are not copied: back them up apart.
  --data DIR --to DIR [--secrets DIR]

rotate-code-key: gives the installation a new K_code; cores read it when they start. Without a step it is added and used at once.
  --secrets DIR [--step add|use|retire]   add: cores know it. use: new transactions have it. retire: older ones are removed

reset-administration: for who lost the last administrator's key. Disables every administrator and writes a one-time token for
a new first one into the secrets folder (first-admin.token, 0600). All of it is in the audit. The core must not run.
  --data DIR | --store URL [--store-replicas N] [--store-password-file FILE] [--store-ca FILE]
  --secrets DIR [--development]
`;

/** The audit does not hold. The others as in sysexits(3): used wrongly; the configuration is wrong; something failed. */
const EXIT_FINDING = 1;
const EXIT_USAGE = 64;
const EXIT_CONFIG = 78;
const EXIT_FAILURE = 70;

async function main(args: readonly string[]): Promise<number> {
  const [command, ...rest] = args;
  if (args.includes("--help")) return help();
  if (args[0] === "--version") return version();
  switch (command) {
    case "serve":
      return serveUntilStopped(rest);
    case "bootstrap":
      print(await bootstrap(readBootstrap(flags(rest, BOOTSTRAP_FLAGS), process.env)));
      return 0;
    case "verify-audit":
      return checkAudit(flags(rest, { ...AUDIT_FLAGS, ...SHARED_FLAGS }));
    case "backup":
      return copyStore(flags(rest, { ...AUDIT_FLAGS, to: { type: "string" } }));
    case "rotate-code-key":
      return rotate(flags(rest, { secrets: { type: "string" }, step: { type: "string" } }));
    case "reset-administration":
      return reset(flags(rest, RESET_FLAGS));
    case "help":
      return help();
    case undefined:
    default:
      process.stderr.write(USAGE);
      return EXIT_USAGE;
  }
}

function help(): number {
  process.stdout.write(USAGE);
  return 0;
}

function version(): number {
  const manifest = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  process.stdout.write(`${(JSON.parse(manifest) as { version: string }).version}\n`);
  return 0;
}

const AUDIT_FLAGS = { data: { type: "string" }, secrets: { type: "string" } } as const;

const SHARED_FLAGS = Object.fromEntries(
  [...STORE_FLAGS, "seal", "sealed"].map((flag) => [flag, { type: "string" as const }]),
);

async function checkAudit(given: Record<string, unknown>): Promise<number> {
  if ((given["store"] ?? process.env["COUNTERSIGN_STORE"]) !== undefined) return checkSharedAudit(given);
  const { folder, macKey } = storeOf(given);
  return reported(verifyAudit(folder, macKey));
}

async function checkSharedAudit({ seal, sealed, ...rest }: Record<string, unknown>): Promise<number> {
  const { store, secrets } = readConfig({ flags: rest, env: { ...process.env, COUNTERSIGN_CONFIG: undefined } });
  if (store === undefined) throw new ConfigError("--store: is required beside --seal and --sealed");
  const { verifySharedStore } = await import("./store/redis/verify-shared-store.ts");
  const report = await verifySharedStore({
    ...{ store, secrets: loadOrCreateSecrets(secrets, { create: false }) },
    ...{ seal: fileOf(seal), sealed: fileOf(sealed) },
    onTrouble: (error) => process.stderr.write(`${error.message}\n`),
  });
  return reported(report);
}

const RESET_FLAGS = {
  ...AUDIT_FLAGS,
  ...Object.fromEntries(STORE_FLAGS.map((flag) => [flag, { type: "string" as const }])),
  development: { type: "boolean" },
} as const;

async function reset(given: Record<string, unknown>): Promise<number> {
  const { data, secrets, store, development } = readConfig({
    flags: given,
    env: { ...process.env, COUNTERSIGN_CONFIG: undefined },
  });
  print(await resetAdministration({ data, secrets, store, development }));
  return 0;
}

function fileOf(flag: unknown): string | undefined {
  return typeof flag === "string" ? flag : undefined;
}

async function copyStore(given: Record<string, unknown>): Promise<number> {
  const { folder, macKey } = storeOf(given);
  if (typeof given["to"] !== "string") throw new ConfigError("--to (a new folder, for the copy): is required");
  return reported(await backUp(folder, given["to"], macKey));
}

function rotate({ secrets, step = "all" }: Record<string, unknown>): number {
  const folder = secrets ?? process.env["COUNTERSIGN_SECRETS"];
  if (typeof folder !== "string")
    throw new ConfigError("--secrets (COUNTERSIGN_SECRETS: folder of the keys): is required");
  if (typeof step !== "string" || !isRotation(step)) throw new ConfigError("--step: must be add, use or retire");
  print(rotateCodeKey(folder, step));
  return 0;
}

/** The folder, and K_store where the secrets were named. */
function storeOf({ data, secrets }: Record<string, unknown>): { folder: string; macKey: MacKey | undefined } {
  const folder = data ?? process.env["COUNTERSIGN_DATA"];
  if (typeof folder !== "string") throw new ConfigError("--data (COUNTERSIGN_DATA: folder of the store): is required");
  const keys = secrets ?? process.env["COUNTERSIGN_SECRETS"];
  const macKey = typeof keys === "string" ? loadOrCreateSecrets(keys, { create: false }).store : undefined;
  return { folder, macKey };
}

function reported(report: AuditReport): number {
  for (const finding of report.findings) process.stderr.write(`${describeFinding(finding)}\n`);
  print(report);
  return report.ok ? 0 : EXIT_FINDING;
}

/** Of what lives, before the garbage is collected. */
const MOST_GARBAGE_PERCENT = 50;

async function serveUntilStopped(args: readonly string[]): Promise<number> {
  const options = describeSettings().map(({ flag, isSwitch }) => [
    flag,
    { type: isSwitch ? ("boolean" as const) : ("string" as const) },
  ]);
  const config = readConfig({
    flags: flags(args, { ...Object.fromEntries(options), config: { type: "string" } }),
    env: process.env,
  });
  // On a machine with much memory V8 waits until there is many times more garbage than what lives: 900 MB were seen for 60.
  setFlagsFromString(`--heap-growing-percent=${MOST_GARBAGE_PERCENT}`);
  const core = await startCore(config);
  const stop = Promise.withResolvers<number>();
  process.once("SIGTERM", () => stop.resolve(0));
  process.once("SIGINT", () => stop.resolve(0));
  const broken = async (): Promise<void> => {
    process.stderr.write(`The store stopped: ${(await core.broken).message}\n`);
    stop.resolve(EXIT_FAILURE);
  };
  void broken();
  const { address, webAddress, adminAddress, serverId } = core;
  print({ ready: true, address, webAddress, adminAddress, serverId, corePublicKey: toHex(core.publicKey) });
  const code = await stop.promise;
  await core.drain();
  return code;
}

function flags(args: readonly string[], options: NonNullable<ParseArgsConfig["options"]>): Record<string, unknown> {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: false }).values;
  } catch (error) {
    throw new ConfigError(error instanceof Error ? error.message : String(error));
  }
}

function print(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

try {
  // A connection whose other end takes nothing more outlives even a forced shutdown: it must not outlive the core.
  process.exit(await main(process.argv.slice(2)));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(error instanceof ConfigError ? EXIT_CONFIG : EXIT_FAILURE);
}
