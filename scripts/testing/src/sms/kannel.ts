import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../free-port.ts";

const BEARERBOX = "/usr/sbin/bearerbox";
const SMSBOX = "/usr/sbin/smsbox";
const PATIENCE_MS = 60_000;

/** Whether Kannel is installed (`scripts/install-peers kannel`). */
export const kannelPresent: boolean = existsSync(BEARERBOX) && existsSync(SMSBOX);

/** Kannel in front of an SMSC, with an account of its own. */
export interface Kannel {
  /** Of its HTTP interface on 127.0.0.1. */
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** What its two processes wrote. */
  output(): string;
  stop(): Promise<void>;
}

interface KannelGiven {
  readonly smscPort: number;
  readonly systemId: string;
  readonly smscPassword: string;
}

/** Starts bearerbox and smsbox on free ports of loopback; resolves once it is bound to the SMSC. */
export async function startKannel(given: KannelGiven): Promise<Kannel> {
  const folder = mkdtempSync(join(tmpdir(), "countersign-kannel-"));
  const [admin, inner, port] = [await freePort(), await freePort(), await freePort()];
  const config = join(folder, "kannel.conf");
  writeFileSync(config, configuration(given, { admin, inner, port }), { mode: 0o600 });
  const children: ChildProcess[] = [];
  let output = "";
  const run = (program: string): void => {
    // At level 1 Kannel writes whole texts, codes included, into its log.
    const child = spawn(program, ["-v", "2", config], { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => (output += text));
    }
    children.push(child);
  };
  const stop = async (): Promise<void> => {
    for (const child of children.toReversed()) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const gone = once(child, "exit");
      child.kill("SIGTERM");
      const slow = setTimeout(() => child.kill("SIGKILL"), 3_000);
      await gone;
      clearTimeout(slow);
    }
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    run(BEARERBOX);
    await until(
      async () => answers(inner),
      () => output,
    );
    run(SMSBOX);
    await until(
      async () => answers(port),
      () => output,
    );
    await until(
      async () => isBound(admin),
      () => output,
    );
  } catch (error) {
    await stop();
    throw error;
  }
  return { port, user: "cs", password: "pw", output: () => output, stop };
}

interface Ports {
  readonly admin: number;
  readonly inner: number;
  readonly port: number;
}

function configuration({ smscPort, systemId, smscPassword }: KannelGiven, { admin, inner, port }: Ports): string {
  const groups = [
    {
      group: "core",
      "admin-port": admin,
      "admin-interface": "127.0.0.1",
      "admin-password": "x",
      "box-allow-ip": "127.0.0.1",
      "smsbox-port": inner,
      "dlr-storage": "internal",
    },
    {
      ...{ group: "smsc", smsc: "smpp", "smsc-id": "sim", host: "127.0.0.1", port: smscPort },
      ...{ "smsc-username": systemId, "smsc-password": smscPassword, "system-type": "VMA", "transceiver-mode": true },
      ...{ "dest-addr-ton": 1, "dest-addr-npi": 1, "reconnect-delay": 1 },
    },
    {
      ...{ group: "smsbox", "bearerbox-host": "127.0.0.1", "sendsms-port": port, "sendsms-interface": "127.0.0.1" },
      "http-request-retry": 2,
    },
    { group: "sendsms-user", username: "cs", password: "pw", "max-messages": 3, concatenation: true },
    { group: "sms-service", keyword: "default", text: '"ok"' },
  ];
  const lines = groups.map((group) =>
    Object.entries(group)
      .map(([name, value]) => `${name} = ${value}`)
      .join("\n"),
  );
  return `${lines.join("\n\n")}\n`;
}

async function isBound(admin: number): Promise<boolean> {
  const answer = await fetch(`http://127.0.0.1:${admin}/status.txt?password=x`).catch(() => undefined);
  return answer !== undefined && /sim\S*\s.*\(online/.test(await answer.text());
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  const stands = await Promise.race([
    once(socket, "connect").then(() => true),
    once(socket, "error").then(() => false),
  ]).catch(() => false);
  socket.destroy();
  return stands;
}

async function until(holds: () => Promise<boolean>, output: () => string): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`Kannel is not up after ${PATIENCE_MS} ms:\n${output()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
