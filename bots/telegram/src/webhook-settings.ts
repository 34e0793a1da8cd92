import { randomBytes } from "node:crypto";
import { isLoopback, readSecret, Secret } from "@countersign/bot-kit";

/** How updates reach us when Telegram brings them. */
export interface WebhookSettings {
  /** Where we listen, in plain HTTP: TLS ends at the proxy in front. Port 0: a free one. */
  readonly host: string;
  readonly port: number;
  /** What Telegram calls; its path is the only one served. */
  readonly url: URL;
  /** Comes with every update. 1 to 256 of `[A-Za-z0-9_-]`. */
  readonly secret: Secret;
}

interface WebhookFlags {
  readonly "webhook-listen"?: string | undefined;
  readonly "webhook-url"?: string | undefined;
  readonly "webhook-secret-file"?: string | undefined;
}

/** For `parseArgs` of node:util. */
export const WEBHOOK_FLAGS = {
  "webhook-listen": { type: "string" },
  "webhook-url": { type: "string" },
  "webhook-secret-file": { type: "string" },
} as const;

/** Reads the flags; undefined: no webhook, the bot polls. Throws, naming flag and meaning. The secret is drawn if no file is named. */
export function webhookByFlags(flags: WebhookFlags): WebhookSettings | undefined {
  const { "webhook-listen": listen, "webhook-url": address, "webhook-secret-file": secretFile } = flags;
  if (listen === undefined && address === undefined && secretFile === undefined) return undefined;
  const match = /^(.+):(\d{1,5})$/.exec(listen ?? "");
  const [, host = "", port = ""] = match ?? [];
  if (match === null || Number(port) > 65_535) {
    throw new Error("--webhook-listen is missing or wrong: host:port for the proxy in front, such as 127.0.0.1:8443");
  }
  const secret =
    secretFile === undefined
      ? new Secret("webhook secret", randomBytes(32).toString("base64url"))
      : readSecret("webhook secret", secretFile);
  if (!/^[A-Za-z0-9_-]{1,256}$/.test(secret.reveal())) {
    throw new Error(`${secretFile} must hold 1 to 256 letters, digits, "_" or "-"`);
  }
  return { host: host.replace(/^\[(.*)\]$/, "$1"), port: Number(port), url: readAddress(address), secret };
}

// http is for a fake or a local Bot API server on this machine.
function readAddress(address: string | undefined): URL {
  const url = URL.canParse(address ?? "") ? new URL(address ?? "") : undefined;
  const secure = url?.protocol === "https:" || (url?.protocol === "http:" && isLoopback(url.hostname));
  if (url === undefined || !secure || url.username !== "" || url.password !== "" || url.hash !== "") {
    throw new Error(
      "--webhook-url is missing or wrong: https address that Telegram calls, such as https://bot.example/x",
    );
  }
  return url;
}
