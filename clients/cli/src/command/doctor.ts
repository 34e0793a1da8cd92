import { existsSync } from "node:fs";
import { fromHex } from "@countersign/protocol";
import { ReceiptServiceGetVerificationKeysRequest } from "@countersign/proto/node/core/v1/receipt_service";
import { LinkServiceListRequest, LinkState } from "@countersign/proto/node/core/v1/link_service";
import { UserServiceGetRequest, UserState } from "@countersign/proto/node/core/v1/user_service";
import { call, isLoopback, readTokenFile, type CoreConnection } from "@countersign/sdk";
import { clockFindings, coreDate } from "../doctor/clock.ts";
import { bad, fine, type Finding } from "../doctor/finding.ts";
import { keyFindings, pagesFindings } from "../doctor/pc.ts";
import { auditFindings } from "../doctor/server-audit.ts";
import { dataFindings, secretsFindings } from "../doctor/server-files.ts";
import { redisFindings } from "../doctor/server-redis.ts";
import { adminFindings, portFindings, readyFindings } from "../doctor/server-services.ts";
import { hidAdvice } from "../doctor/hid-advice.ts";
import { hidrawNodes, installedRule } from "../doctor/hidraw-node.ts";
import { ExitCode } from "../exit-code.ts";
import { printable } from "../output/printable.ts";
import { localKeys, withCore, withDaemon, type CommandGiven } from "../session.ts";
import { SETTINGS, type SettingKey } from "../settings/setting.ts";

type Check = (given: CommandGiven) => Promise<readonly Finding[]>;

/** Where a core keeps and shows what it has; `server` asks for these in place of the PC's. */
export interface DoctorOptions {
  readonly server?: boolean;
  readonly data?: string;
  readonly secrets?: string;
  readonly monitoring?: string;
  readonly web?: string;
  readonly store?: string;
  readonly storePasswordFile?: string;
  readonly storeCa?: string;
  /** All of the history is read. */
  readonly audit?: boolean;
  /** Files of heads that were kept elsewhere. */
  readonly head?: readonly string[];
  /** Where this PC's daemon answers web pages. */
  readonly pages?: string;
}

const PC: readonly Check[] = [checkNode, checkSettings, checkToken, checkCore, checkClock, checkDaemon];

/** `countersign doctor`: looks at everything a confirmation needs from this PC, or a core from its host. Exit 69 when something is wrong. */
export async function doctorCommand(options: DoctorOptions, given: CommandGiven): Promise<ExitCode> {
  const { terminal } = given;
  const checks = options.server === true ? [checkNode, ...serverChecks(options)] : pcChecks(options);
  let allGood = true;
  for (const check of checks) {
    const findings = await check(given).catch((error: unknown) => [
      bad(sentence(error), "mend this first, then run doctor again"),
    ]);
    for (const { what, good, fix } of findings) {
      allGood &&= good;
      terminal.record({ what, good, ...(fix === undefined ? {} : { fix }) });
      const text = fix === undefined ? what : `${what.replace(/\.$/, "")}. Fix: ${fix}`;
      terminal.result(`  ${terminal.sign(good ? "done" : "failed")} ${printable(text)}`);
    }
  }
  return allGood ? ExitCode.DONE : ExitCode.ENVIRONMENT;
}

function pcChecks({ pages }: DoctorOptions): Check[] {
  return [...PC, () => pagesFindings(pages), checkHid];
}

function serverChecks(options: DoctorOptions): Check[] {
  const { data, secrets, monitoring, web, store, storePasswordFile: passwordFile, storeCa: caFile } = options;
  return [
    ...(data === undefined ? [] : [async () => dataFindings(data, secrets)]),
    ...(secrets === undefined ? [] : [async () => secretsFindings(secrets)]),
    ...(monitoring === undefined ? [] : [() => readyFindings(monitoring)]),
    ...(web === undefined ? [] : [() => portFindings("web", web, "start the core with --web-listen")]),
    ...(store === undefined ? [] : [() => redisFindings({ store, passwordFile, caFile })]),
    ...((data ?? secrets ?? monitoring ?? web ?? store) ? [] : [async () => [NOTHING_NAMED]]),
    adminFindings,
    ...(options.audit === true ? [(given: CommandGiven) => auditFindings(given, options.head ?? [])] : []),
  ];
}

const NOTHING_NAMED = bad(
  "no part of the host was looked at",
  "name them: --data, --secrets, --store, --monitoring, --web, as the core itself has them",
);

/** The core's clock, by the head of its answer. */
async function checkClock(given: CommandGiven): Promise<Finding[]> {
  const { settings } = given;
  if (settings.get("core") === undefined || settings.get("tokenFile") === undefined) return [];
  return withCore(given, async (core) => clockFindings(await coreDate(core), Date.now()));
}

async function checkNode(): Promise<Finding[]> {
  const [major = "0"] = process.versions.node.split(".");
  const what = `Node ${process.versions.node}`;
  return [Number(major) >= 24 ? fine(what) : bad(`${what} is too old`, "install Node 24 or newer")];
}

async function checkSettings({ settings }: CommandGiven): Promise<Finding[]> {
  const path = settings.configPath;
  const keys: readonly SettingKey[] = ["core", "serverId", "coreKeys", "tokenFile", "daemon", "user"];
  const missing = keys.filter((key) => settings.get(key) === undefined);
  const file = existsSync(path) ? fine(`settings in ${path}`) : fine(`no ${path}; flags and environment only`);
  return [
    file,
    ...missing.map((key) => bad(`${SETTINGS[key].file} is not set (${SETTINGS[key].meaning})`, "countersign setup")),
  ];
}

async function checkToken({ settings }: CommandGiven): Promise<Finding[]> {
  const path = settings.get("tokenFile");
  if (path === undefined) return [];
  const token = readTokenFile(path);
  return [
    fine(
      token.isOfApp ? `token file ${path}: app token, exact states` : `token file ${path}: client token, classes only`,
    ),
  ];
}

async function checkCore(given: CommandGiven): Promise<Finding[]> {
  const { settings } = given;
  const address = settings.get("core");
  if (address === undefined || settings.get("tokenFile") === undefined) return [];
  return withCore(given, async (core) => {
    const request = ReceiptServiceGetVerificationKeysRequest.create();
    const once = { ...core, patienceMs: 0 };
    const answer = await call(core.receipts.getVerificationKeys.bind(core.receipts), request, once).catch(
      () => undefined,
    );
    if (answer === undefined)
      return [
        bad(
          `core ${address} does not answer or does not know the token`,
          "check address, TLS files and token; is the core running?",
        ),
      ];
    const findings = [fine(`core ${address} answers${isLoopback(address) ? ", on this machine" : " over TLS"}`)];
    const pinnedServer = settings.get("serverId");
    if (pinnedServer !== undefined && answer.serverId !== pinnedServer) {
      findings.push(
        bad(
          "the core is not the installation that is pinned",
          "ask the administrator; do not confirm anything until it is clear",
        ),
      );
    }
    const pinnedKeys = settings.get("coreKeys")?.map(fromHex) ?? [];
    const [current] = answer.publicKeys;
    const known = current !== undefined && pinnedKeys.some((key) => current.equals(key));
    if (pinnedKeys.length > 0) {
      findings.push(
        known
          ? fine("the core's receipt key is pinned")
          : bad(
              "the core signs receipts with a key that is not pinned",
              "get the new key from the administrator, not from the core, then countersign setup --force",
            ),
      );
    }
    return [...findings, ...(core.token.isOfApp ? await checkUser(core, settings.get("user")) : [])];
  });
}

async function checkUser(core: CoreConnection, userId: string | undefined): Promise<Finding[]> {
  if (userId === undefined) return [];
  const { user } = await call(core.users.get.bind(core.users), UserServiceGetRequest.create({ userId }), core);
  const { channels } = await call(core.links.list.bind(core.links), LinkServiceListRequest.create({ userId }), core);
  const linked = channels.filter(({ state }) => state === LinkState.LINKED).map(({ platform }) => platform);
  const active = user?.state === UserState.ACTIVE;
  return [
    active
      ? fine(`user ${userId} may confirm`)
      : bad(`user ${userId} is frozen, blocked or suspended`, "countersign thaw"),
    linked.length > 0 ? fine(`phone: ${linked.join(", ")}`) : bad("no phone is linked", "countersign link telegram"),
  ];
}

async function checkDaemon(given: CommandGiven): Promise<Finding[]> {
  if (given.settings.get("daemon") === undefined) return [];
  return withDaemon(given, async (daemon) => {
    const keys = await localKeys(daemon).catch(() => undefined);
    if (keys === undefined)
      return [
        bad(
          `the device daemon does not answer at ${given.settings.need("daemon")}`,
          "start countersign-daemon as this user",
        ),
      ];
    if (keys.length === 0)
      return [
        fine("the device daemon answers"),
        bad("no key is plugged in", "plug it in; see the lines on keys below"),
      ];
    return [fine("the device daemon answers"), ...keys.flatMap(keyFindings)];
  });
}

async function checkHid(): Promise<readonly Finding[]> {
  return hidAdvice({ platform: process.platform, nodes: hidrawNodes(), rule: installedRule() });
}

function sentence(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
