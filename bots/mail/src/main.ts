#!/usr/bin/env node
import { parseArgs } from "node:util";
import {
  connectByFlags,
  CORE_FLAGS,
  CORE_USAGE,
  openLog,
  requiredFlag,
  runBot,
  runProcess,
  systemTimer,
  tellAbout,
  zoneByFlags,
} from "@countersign/bot-kit";
import { readSender } from "./address.ts";
import { MAIL_PACE, MailChannel } from "./mail-channel.ts";
import { readServer, SMTP_FLAGS } from "./smtp-flags.ts";

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { ...CORE_FLAGS, ...SMTP_FLAGS }, strict: true });
  const server = readServer(values);
  const from = requiredFlag("from", values.from, 'whom mails are from, such as "Acme Bank <confirm@bank.example>"');
  const log = openLog("mail");
  const channel = new MailChannel({ server, sender: readSender(from), timer: systemTimer, log });
  const core = connectByFlags(values);
  await runBot({ channel, core, pace: MAIL_PACE, zone: zoneByFlags(values), timer: systemTimer, log }, () => ({}));
}

const USAGE = `Usage: countersign-bot-mail OPTIONS

  --smtp HOST:PORT        the mail server
  --smtp-tls WAY          starttls (default), implicit, or none: on loopback alone
  --smtp-user NAME, --smtp-password-file FILE
                          who the bot is to it
  --smtp-ca FILE          certificates that vouch for it, where the system's do not
  --from ADDRESS          whom mails are from, such as "Acme Bank <confirm@bank.example>"
${CORE_USAGE}`;

tellAbout(import.meta.url, USAGE);
await runProcess("mail bot", main);
