import { cancel, isCancel, text } from "@clack/prompts";
import { resolve } from "node:path";
import { CliError, refused } from "../cli-error.ts";
import { ExitCode } from "../exit-code.ts";
import { readConfigFile, writeConfigFile } from "../settings/config-file.ts";
import { SETTINGS, type SettingKey } from "../settings/setting.ts";
import { readSettings, type Settings } from "../settings/settings.ts";
import type { CommandGiven } from "../session.ts";

/** What a usable set-up has; the TLS files are optional. */
const NEEDED: readonly SettingKey[] = ["core", "serverId", "coreKeys", "tokenFile", "daemon", "user"];
/** Of an administrator, who confirms nothing with an app's token. */
const NEEDED_BY_ADMIN: readonly SettingKey[] = ["core", "serverId", "coreKeys", "adminTokenFile", "daemon"];
const PATHS: readonly SettingKey[] = ["tokenFile", "adminTokenFile", "daemon", "ca", "cert", "certKey"];

/**
 * `countersign setup`: pins what is never asked over a connection that is being checked. Server id and core key come
 * from the administrator on another way than this connection (a letter, his web page, a file he handed over).
 */
export async function setupCommand(
  options: { readonly force?: boolean },
  flags: Readonly<Record<string, string | undefined>>,
  given: CommandGiven,
): Promise<ExitCode> {
  const { terminal } = given;
  const settings = await complete(given.settings, flags, given);
  const path = settings.configPath;
  const before = readConfigFile(path);
  const changed =
    before !== undefined && ["serverId", "coreKeys"].some((pin) => !same(before[pin], settings.get(pin as SettingKey)));
  if (changed && options.force !== true) {
    throw refused(`${path}: pins another core; if the administrator told you so himself, run setup again with --force`);
  }
  const members: Record<string, unknown> = {};
  for (const key of Object.keys(SETTINGS) as SettingKey[]) {
    const value = settings.get(key);
    if (value === undefined) continue;
    members[SETTINGS[key].file] = PATHS.includes(key) && typeof value === "string" ? absolute(value) : value;
  }
  writeConfigFile(path, members);
  terminal.record({ state: "SET_UP", config: path });
  terminal.result(`  ${terminal.sign("done")} ${path} written; try: countersign doctor`);
  return ExitCode.DONE;
}

/** Asks for what is missing on a terminal; elsewhere names it. */
async function complete(
  settings: Settings,
  flags: Readonly<Record<string, string | undefined>>,
  { terminal }: CommandGiven,
): Promise<Settings> {
  const needed = settings.get("adminTokenFile") === undefined ? NEEDED : NEEDED_BY_ADMIN;
  const missing = needed.filter((key) => settings.get(key) === undefined);
  const [first] = missing;
  if (first === undefined) return settings;
  const { env, stderr } = terminal.io;
  const canAsk = stderr.isTTY === true && process.stdin.isTTY && !terminal.style.json;
  if (!canAsk) settings.need(first);
  const answers: Record<string, string> = {};
  for (const key of missing) {
    const answer = await text({ message: SETTINGS[key].meaning, placeholder: SETTINGS[key].flag });
    if (isCancel(answer)) {
      cancel("Nothing was written.");
      throw new CliError(ExitCode.CANCELLED, "set-up was left; nothing was written");
    }
    answers[key] = answer;
  }
  return readSettings({ ...flags, ...answers }, env);
}

function absolute(path: string): string {
  return path.startsWith("unix:") ? `unix:${resolve(path.slice(5))}` : resolve(path);
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
