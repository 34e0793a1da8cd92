import { execFileSync, spawn, spawnSync, type ChildProcess } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  watch,
  writeFileSync,
} from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../free-port.ts";
import { selfSigned } from "./self-signed.ts";

const SMTPD = "/usr/sbin/smtpd";
const STUNNEL = "/usr/bin/stunnel4";
/** Delivery to root is refused; `scripts/install-peers opensmtpd` makes this user. */
const USER = "cs-mailtest";
const MAIL_DOMAIN = "test.example";

function canStart(): boolean {
  if (process.getuid?.() !== 0 || !existsSync(SMTPD) || !existsSync(STUNNEL)) return false;
  if (spawnSync("id", [USER], { stdio: "ignore" }).status !== 0) return false;
  return spawnSync("unshare", ["--mount", "--pid", "--fork", "true"], { stdio: "ignore" }).status === 0;
}

/** Whether OpenSMTPD, stunnel and the right to start them are here: root, and mount namespaces. */
export const openSmtpdPresent: boolean = canStart();

/** OpenSMTPD on loopback, with mailboxes at `test.example`. */
export interface OpenSmtpd {
  readonly host: string;
  /** STARTTLS. */
  readonly port: number;
  /** TLS from the first byte. */
  readonly implicitPort: number;
  /** No TLS. */
  readonly plainPort: number;
  /** PEM file of the authority of its certificate. */
  readonly caFile: string;
  /** The mails of this address as its mailbox holds them (lines end in LF), oldest first, once there are `atLeast`. */
  read(address: string, atLeast?: number): Promise<readonly Uint8Array[]>;
  /** Ends it by SIGKILL, with all its processes; queue and mailboxes stay. */
  kill(): Promise<void>;
  /** Starts it again on the same ports. */
  start(): Promise<void>;
  /** Ends everything and removes its folder. */
  stop(): Promise<void>;
}

// One smtpd a machine is what OpenSMTPD means: pid file, control socket (/run/smtpd.sock) and queue (/var/spool/smtpd)
// have no setting. In a mount namespace of its own, /run and /var/spool are folders of this test; in a process namespace
// of its own, killing the first process ends all seven. The network is the machine's.
const START = [
  'mount --bind "$0/run" /run',
  'mount --bind "$0/spool" /var/spool',
  "mkdir -p /var/spool/smtpd",
  "chmod 711 /var/spool/smtpd",
  'exec /usr/sbin/smtpd -d -F -f "$0/smtpd.conf"',
].join(" && ");

function smtpdConf(folder: string, port: number): string {
  return [
    `table users { "@${MAIL_DOMAIN}" = "${USER}" }`,
    `table boxes file:${folder}/boxes`,
    `listen on 127.0.0.1 port ${port}`,
    `action "box" maildir "${folder}/mail/%{rcpt.user:raw}" virtual <users>`,
    `match from any for domain "${MAIL_DOMAIN}" rcpt-to <boxes> action "box"`,
    "",
  ].join("\n");
}

// OpenSMTPD 6.8 as Debian 12 has it cannot serve TLS: its key process knows only OpenSSL 1.1 (OpenSMTPD#1171). stunnel
// speaks STARTTLS for it and hands on every command.
function stunnelConf(folder: string, ports: readonly [number, number, number]): string {
  const [plain, startTls, implicit] = ports;
  const service = [`connect = 127.0.0.1:${plain}`, `cert = ${folder}/cert.pem`, `key = ${folder}/key.pem`];
  return [
    ...["foreground = yes", "pid =", "debug = 3"],
    ...["[starttls]", `accept = 127.0.0.1:${startTls}`, "protocol = smtp", ...service],
    ...["[implicit]", `accept = 127.0.0.1:${implicit}`, ...service],
    "",
  ].join("\n");
}

/** Starts OpenSMTPD with a mailbox for each of these local parts. */
export async function startOpenSmtpd(mailboxes: readonly string[]): Promise<OpenSmtpd> {
  const folder = mkdtempSync(join(tmpdir(), "countersign-smtpd-"));
  // Mails are written by the user of the mailboxes.
  chmodSync(folder, 0o711);
  for (const name of ["run", "spool", "mail"]) mkdirSync(join(folder, name), { mode: 0o711 });
  const { certFile } = selfSigned(folder);
  for (const name of mailboxes) {
    for (const part of ["new", "cur", "tmp"]) mkdirSync(join(folder, "mail", name, part), { recursive: true });
  }
  execFileSync("chown", ["-R", `${USER}:`, join(folder, "mail")]);
  const [plain, startTls, implicit] = [await freePort(), await freePort(), await freePort()];
  writeFileSync(join(folder, "boxes"), mailboxes.map((name) => `${name}@${MAIL_DOMAIN}\n`).join(""));
  writeFileSync(join(folder, "smtpd.conf"), smtpdConf(folder, plain), { mode: 0o600 });
  writeFileSync(join(folder, "stunnel.conf"), stunnelConf(folder, [plain, startTls, implicit]));
  const namespace = ["unshare", "--mount", "--pid", "--fork", "--kill-child=SIGKILL", "--propagation", "private"];
  const start = async (): Promise<ChildProcess> => {
    const child = spawnBound([...namespace, "sh", "-c", START, folder]);
    await greeted(plain, child);
    return child;
  };
  let smtpd = await start();
  const stunnel = spawnBound([STUNNEL, join(folder, "stunnel.conf")]);
  await greeted(startTls, stunnel);
  return {
    ...{ host: "127.0.0.1", port: startTls, implicitPort: implicit, plainPort: plain, caFile: certFile },
    read: async (address, atLeast = 0) => read(join(folder, "mail", address.split("@", 1)[0] ?? "", "new"), atLeast),
    kill: async () => ended(smtpd),
    start: async () => {
      smtpd = await start();
    },
    stop: async () => {
      await Promise.all([ended(smtpd), ended(stunnel)]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A child that the system ends with this process, however that ends. */
function spawnBound(command: readonly string[]): ChildProcess {
  return spawn("setpriv", ["--pdeathsig", "KILL", ...command], { stdio: ["ignore", "ignore", "pipe"] });
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  // Killed itself, unshare would leave its child to nobody: it ends, and has reaped, when its child ends.
  const [inside] = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "utf8").split(" ");
  if (inside === undefined || inside === "") child.kill("SIGKILL");
  else process.kill(Number(inside), "SIGKILL");
  await gone;
}

/** Resolves once the port answers with a greeting. Rejects with what the process said when it ends before. */
async function greeted(port: number, child: ChildProcess): Promise<void> {
  let said = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (said += text));
  while (child.exitCode === null && child.signalCode === null) {
    const greeting = await new Promise<string>((resolve) => {
      const socket = connect(port, "127.0.0.1");
      socket.once("data", (chunk) => resolve(String(chunk)));
      socket.once("error", () => resolve(""));
      socket.once("close", () => resolve(""));
    });
    if (greeting.startsWith("220")) return;
    // Nothing tells when a port begins to listen.
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`${child.spawnargs.join(" ")} ended before it listened on ${port}:\n${said}`);
}

async function read(folder: string, atLeast: number): Promise<readonly Uint8Array[]> {
  const changes = watch(folder);
  try {
    for (;;) {
      const changed = new Promise<void>((resolve) => changes.once("change", () => resolve()));
      const paths = readdirSync(folder).map((name) => join(folder, name));
      if (paths.length >= atLeast) return paths.toSorted(byAge).map((path) => readFileSync(path));
      await changed;
    }
  } finally {
    changes.close();
  }
}

// Their names tell the second and then chance.
function byAge(a: string, b: string): number {
  return Number(statSync(a, { bigint: true }).mtimeNs - statSync(b, { bigint: true }).mtimeNs);
}
