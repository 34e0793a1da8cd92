import { readFileSync } from "node:fs";
import { isLoopback, readSecret, requiredFlag } from "@countersign/bot-kit";
import type { SmtpServer } from "./smtp-session.ts";

/** Flags that name the mail server, for `parseArgs` of node:util. */
export const SMTP_FLAGS = {
  smtp: { type: "string" },
  "smtp-tls": { type: "string" },
  "smtp-user": { type: "string" },
  "smtp-password-file": { type: "string" },
  "smtp-ca": { type: "string" },
  from: { type: "string" },
} as const;

type SmtpFlags = { readonly [Name in keyof typeof SMTP_FLAGS]?: string | undefined };

/** The server that the flags describe. Throws, naming the flag, when they contradict or would send in plain text. */
export function readServer(flags: SmtpFlags): SmtpServer {
  const given = requiredFlag("smtp", flags.smtp, "host:port of the mail server");
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+)):(\d{1,5})$/.exec(given);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || port < 1 || port > 65_535) throw new Error(`--smtp ${given} is not host:port`);
  const tls = flags["smtp-tls"] ?? "starttls";
  if (tls !== "starttls" && tls !== "implicit" && tls !== "none") {
    throw new Error(`--smtp-tls ${tls}: choose one of starttls (the default), implicit, none`);
  }
  if (tls === "none" && !isLoopback(host)) {
    throw new Error(`--smtp-tls none: without TLS the mail server must be on this machine, not ${host}`);
  }
  const caFile = flags["smtp-ca"];
  return {
    // A name server must not decide what loopback is.
    host: tls === "none" && host === "localhost" ? "127.0.0.1" : host,
    port,
    tls,
    ca: caFile === undefined ? undefined : readFileSync(caFile, "utf8"),
    login: readLogin(flags),
  };
}

function readLogin(flags: SmtpFlags): SmtpServer["login"] {
  const user = flags["smtp-user"];
  const file = flags["smtp-password-file"];
  if (user === undefined && file === undefined) return undefined;
  return {
    user: requiredFlag("smtp-user", user, "who the bot is to the mail server"),
    password: readSecret(
      "smtp password",
      requiredFlag("smtp-password-file", file, "path of a file holding the mail server's password for --smtp-user"),
    ),
  };
}
