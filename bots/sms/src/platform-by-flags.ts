import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { choiceFlag, readSecret, requiredFlag, Secret, type BotLog, type Timer } from "@countersign/bot-kit";
import { GatewayPlatform } from "./gateway/gateway-platform.ts";
import { readListenAddress } from "./gateway/receipt-listener.ts";
import { readTemplate } from "./gateway/template.ts";
import { readSender } from "./sender.ts";
import type { SmsPlatform } from "./sms-platform.ts";
import { SmppPlatform } from "./smpp/smpp-platform.ts";

/** Flags of the SMS bot beside those that every bot takes, for `parseArgs` of node:util. */
export const SMS_FLAGS = {
  driver: { type: "string" },
  sender: { type: "string" },
  "provider-plaintext": { type: "boolean" },
  "gateway-file": { type: "string" },
  secret: { type: "string", multiple: true },
  "receipt-listen": { type: "string" },
  "receipt-url": { type: "string" },
  smpp: { type: "string" },
  "smpp-tls": { type: "boolean" },
  "smpp-ca": { type: "string" },
  "system-id": { type: "string" },
  "smpp-password-file": { type: "string" },
  "smpp-window": { type: "string" },
  "smpp-joining": { type: "string" },
  "smpp-validity": { type: "string" },
  "smpp-alphabet": { type: "string" },
} as const;

/** The parsed values of SMS_FLAGS, and the file of the bot's token. */
export type SmsFlags = {
  readonly [name in Exclude<keyof typeof SMS_FLAGS, "provider-plaintext" | "smpp-tls" | "secret">]?: string | undefined;
} & {
  readonly "provider-plaintext"?: boolean | undefined;
  readonly "smpp-tls"?: boolean | undefined;
  readonly secret?: readonly string[] | undefined;
  readonly "token-file"?: string | undefined;
};

interface Given {
  readonly timer: Timer;
  readonly log: BotLog;
}

/** The provider that the flags describe. Throws an error that names the flag and its meaning. */
export function platformByFlags(flags: SmsFlags, given: Given): SmsPlatform {
  const driver = choiceFlag("driver", flags.driver, ["http", "smpp"]);
  return driver === "http" ? gateway(flags, given) : smpp(flags, given);
}

function gateway(flags: SmsFlags, given: Given): SmsPlatform {
  const file = requiredFlag("gateway-file", flags["gateway-file"], "path of the template that describes the gateway");
  const { sender } = flags;
  if (sender !== undefined) readSender(sender);
  return new GatewayPlatform({
    ...given,
    template: readTemplate(readFileSync(file, "utf8")),
    secrets: new Map((flags.secret ?? []).map(secretByFlag)),
    sender,
    receipts: receipts(flags),
    plaintext: flags["provider-plaintext"] ?? false,
  });
}

function secretByFlag(flag: string): [string, Secret] {
  const [, name = "", file = ""] = /^([A-Za-z0-9_-]{1,64})=(.+)$/.exec(flag) ?? [];
  if (name === "") throw new Error("--secret NAME=FILE: what {secret:NAME} of the template stands for");
  return [name, readSecret(`secret ${name}`, file)];
}

/** The path's secret is derived from the bot's token: the same after a restart, and nothing more to keep. */
function receipts(flags: SmsFlags): ConstructorParameters<typeof GatewayPlatform>[0]["receipts"] {
  const listen = flags["receipt-listen"];
  const url = flags["receipt-url"];
  if (listen === undefined) {
    if (url !== undefined)
      throw new Error("--receipt-url needs --receipt-listen HOST:PORT, where your proxy passes it on");
    return undefined;
  }
  if (url !== undefined && !/^https?:\/\/[^?#%]+$/.test(url)) {
    throw new Error(`--receipt-url ${url}: http or https, without parameters`);
  }
  const tokenFile = requiredFlag(
    "token-file",
    flags["token-file"],
    "path of a file holding this bot's token of the core",
  );
  const token = readSecret("bot token", tokenFile).reveal();
  const secret = createHmac("sha256", token).update("countersign sms receipt path").digest("base64url").slice(0, 32);
  return { listen: readListenAddress(listen), url, secret: new Secret("receipt path", secret) };
}

function smpp(flags: SmsFlags, given: Given): SmsPlatform {
  const address = requiredFlag("smpp", flags.smpp, "host:port of the SMSC");
  const [, bracketed, plain, digits] = /^(?:\[([0-9a-f:]+)\]|([^:[\]]+)):(\d{1,5})$/i.exec(address) ?? [];
  const [host, port] = [bracketed ?? plain, Number(digits)];
  if (host === undefined || port < 1 || port > 65_535) throw new Error(`--smpp ${address}: host:port of the SMSC`);
  const secure = flags["smpp-tls"] ?? false;
  if (!secure && flags["provider-plaintext"] !== true && !/^(?:127(?:\.\d{1,3}){3}|localhost|::1)$/.test(host)) {
    throw new Error("without --smpp-tls codes can be read on the way; over a VPN of your own say --provider-plaintext");
  }
  const ca = flags["smpp-ca"];
  const systemId = requiredFlag("system-id", flags["system-id"], "the account's name at the SMSC");
  if (!/^[!-~]{1,15}$/.test(systemId)) throw new Error("--system-id: at most 15 characters of ASCII");
  const passwordFile = requiredFlag(
    "smpp-password-file",
    flags["smpp-password-file"],
    "path of a file holding its password",
  );
  const password = readSecret("SMPP password", passwordFile);
  if (!/^[!-~]{1,8}$/.test(password.reveal()))
    throw new Error(`${passwordFile}: SMPP takes at most 8 characters of ASCII`);
  const window = Number(flags["smpp-window"] ?? "10");
  if (!Number.isInteger(window) || window < 1 || window > 1_000)
    throw new Error("--smpp-window: 1 to 1000, default 10");
  return new SmppPlatform({
    ...given,
    account: {
      host,
      port,
      tls: secure ? (ca === undefined ? {} : { ca: readFileSync(ca, "utf8") }) : undefined,
      systemId,
      password,
    },
    sender: flags.sender === undefined ? undefined : readSender(flags.sender),
    window,
    joining: choiceFlag("smpp-joining", flags["smpp-joining"], ["udh", "sar"], "udh"),
    validity: choiceFlag("smpp-validity", flags["smpp-validity"], ["absolute", "relative"], "absolute"),
    gsm7: choiceFlag("smpp-alphabet", flags["smpp-alphabet"], ["gsm7", "ucs2"], "gsm7") === "gsm7",
  });
}
