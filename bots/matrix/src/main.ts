#!/usr/bin/env node
import { parseArgs } from "node:util";
import {
  choiceFlag,
  connectByFlags,
  CORE_FLAGS,
  CORE_USAGE,
  errorName,
  openLog,
  readSecret,
  requiredFlag,
  runBot,
  runProcess,
  systemTimer,
  tellAbout,
  zoneByFlags,
} from "@countersign/bot-kit";
import { MATRIX_PACE, MatrixChannel } from "./matrix-channel.ts";
import { readStoreKey } from "./store-key.ts";

const FLAGS = {
  ...CORE_FLAGS,
  homeserver: { type: "string" },
  "matrix-user": { type: "string" },
  "matrix-password-file": { type: "string" },
  store: { type: "string" },
  "store-key-file": { type: "string" },
  "recovery-key-file": { type: "string" },
  devices: { type: "string" },
  body: { type: "string" },
} as const;

const log = openLog("matrix");

async function main(): Promise<void> {
  const { values } = parseArgs({ options: FLAGS, strict: true });
  const passwordFile = requiredFlag(
    "matrix-password-file",
    values["matrix-password-file"],
    "path of a file holding the password of the bot's Matrix account",
  );
  const channel = new MatrixChannel({
    homeserver: requiredFlag("homeserver", values.homeserver, "address such as https://matrix.example.org"),
    userId: requiredFlag("matrix-user", values["matrix-user"], "the bot's account, such as @countersign:example.org"),
    password: readSecret("matrix password", passwordFile),
    store: requiredFlag("store", values.store, "folder of this bot alone, which holds its device"),
    storeKey: readStoreKey(
      requiredFlag("store-key-file", values["store-key-file"], "path of a file holding 64 hex digits"),
    ),
    recoveryKeyFile: requiredFlag(
      "recovery-key-file",
      values["recovery-key-file"],
      "path where the recovery key is written at the first start; keep it apart from --store",
    ),
    devices: choiceFlag("devices", values.devices, ["signed", "all"], "signed"),
    body: choiceFlag("body", values.body, ["preview", "full"], "preview"),
    timer: systemTimer,
    log,
  });
  const core = connectByFlags(values);
  await runBot({ channel, core, pace: MATRIX_PACE, zone: zoneByFlags(values), timer: systemTimer, log }, () => ({}));
}

const USAGE = `Usage: countersign-bot-matrix OPTIONS

  --homeserver URL        such as https://matrix.example.org
  --matrix-user ID        the bot's account, such as @countersign:example.org
  --matrix-password-file FILE
  --store DIR             of this bot alone: holds its device
  --store-key-file FILE   64 hex digits; not inside that folder
  --recovery-key-file FILE   where the recovery key is written at the first start
  --devices WHICH         signed (default) or all: which devices of a user get codes
  --body WHAT             preview (default) or full: what the plain text beside a message says
${CORE_USAGE}`;

tellAbout(import.meta.url, USAGE);
// The SDK leaves promises of its own requests alone, which end this way whenever the homeserver is away.
await runProcess("matrix bot", main, (error) => log.write({ event: "update-failed", errorName: errorName(error) }));
