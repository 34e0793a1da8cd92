#!/usr/bin/env node
import { mkdirSync, readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import {
  errorName,
  openLog,
  requiredFlag,
  runProcess,
  systemTimer,
  tellAbout,
  type PaceLimits,
  type SecondChannel,
} from "@countersign/bot-kit";
import { startAdminBot } from "./admin-bot.ts";
import { TwinWatch } from "./alert/twin.ts";
import { menuOf } from "./command/menu.ts";
import { readConfig, readOwnSecret, type Config } from "./config.ts";
import { GrpcCore } from "./core/grpc-core.ts";
import { standardLog } from "./log.ts";

const botLog = new TwinWatch(openLog("admin"), systemTimer);

/** One of the two is loaded: who uses Telegram needs nothing of Matrix. */
async function openChannel(config: Config): Promise<{ readonly channel: SecondChannel; readonly pace: PaceLimits }> {
  const shared = { timer: systemTimer, log: botLog };
  if (config.platform === "telegram") {
    const { TELEGRAM_PACE, TelegramChannel } = await import("@countersign/bot-telegram");
    const { tokenFile, apiRoot } = config.telegram;
    const token = readOwnSecret("telegram token", tokenFile);
    return { channel: new TelegramChannel({ ...shared, token, apiRoot, menu: menuOf }), pace: TELEGRAM_PACE };
  }
  const { MATRIX_PACE, MatrixChannel, readStoreKey } = await import("@countersign/bot-matrix");
  const { homeserver, user, passwordFile, store, storeKeyFile, recoveryKeyFile, devices } = config.matrix;
  const channel = new MatrixChannel({
    ...{ ...shared, homeserver, userId: user, store, recoveryKeyFile, devices, body: "preview" },
    password: readOwnSecret("matrix password", passwordFile),
    storeKey: readStoreKey(storeKeyFile),
  });
  return { channel, pace: MATRIX_PACE };
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { config: { type: "string" } }, strict: true });
  const config = readConfig(
    requiredFlag("config", values.config, "path of the file of settings; docs/how-to/admin-bot.md"),
  );
  const { core: at, tokenFile, administrators, state, sealedHeads } = config;
  mkdirSync(state, { recursive: true, mode: 0o700 });
  const ca = at.ca === undefined ? undefined : readFileSync(at.ca);
  const token = readOwnSecret("operator's token", tokenFile);
  const core = new GrpcCore({ address: at.address, plaintext: at.plaintext, ca, token });
  const asked = new AbortController();
  const end = Promise.withResolvers<void>();
  for (const name of ["SIGTERM", "SIGINT"] as const) {
    process.once(name, () => {
      asked.abort();
      end.resolve();
    });
  }
  const zone = config.zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
  const shared = { core, administrators, state, zone, sealedHeads, timer: systemTimer, log: standardLog };
  const given = { ...shared, ...(await openChannel(config)) };
  const bot = await startAdminBot(given, asked.signal).catch((error: unknown) => {
    if (asked.signal.aborted) return undefined;
    throw error;
  });
  if (bot === undefined) return;
  botLog.onTwin = () => bot.twin();
  process.stdout.write(`${JSON.stringify({ ready: true })}\n`);
  try {
    await Promise.race([end.promise, bot.ended]);
  } finally {
    await bot.stop();
  }
}

const USAGE = `Usage: countersign-bot-admin --config FILE

  --config FILE           settings; docs/how-to/admin-bot.md explains them
  --help, --version       say it and end`;

tellAbout(import.meta.url, USAGE);

// The SDK of Matrix leaves promises of its own requests alone, which end this way whenever the homeserver is away.
await runProcess("administrators' bot", main, (error) =>
  botLog.write({ event: "update-failed", errorName: errorName(error) }),
);
