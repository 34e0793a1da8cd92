// A privacyIDEA of its own: SQLite, gunicorn with two workers, users in a flat file, each with an e-mail token whose
// passwords go to a mail server of the benchmark. As it is installed, down to its signatures under answers and audit.
import { execFile, spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { freePort } from "@countersign/testing/child";
import { cpuSecondsOf } from "./figures.ts";
import type { Python } from "./peer-install.ts";
import { SmtpSink } from "./smtp-sink.ts";
import { inFlight } from "./wire.ts";

const run = promisify(execFile);

const WORKERS = 2;
const REALM = "bench";
const ADMIN = { username: "bench", password: randomBytes(12).toString("hex") };
const START_MS = 120_000;
const CALL_MS = 60_000;

/** The configuration file, in Python; paths are of this benchmark's own making. */
export function configOf(folder: string): string {
  const at = (file: string): string => JSON.stringify(join(folder, file));
  return [
    `SECRET_KEY = "${randomBytes(32).toString("hex")}"`,
    `PI_PEPPER = "${randomBytes(32).toString("hex")}"`,
    `PI_ENCFILE = ${at("enckey")}`,
    `PI_AUDIT_KEY_PRIVATE = ${at("private.pem")}`,
    `PI_AUDIT_KEY_PUBLIC = ${at("public.pem")}`,
    `SQLALCHEMY_DATABASE_URI = ${JSON.stringify(`sqlite:///${join(folder, "privacyidea.db")}`)}`,
    `PI_LOGFILE = ${at("privacyidea.log")}`,
    "PI_LOGLEVEL = 40",
    'SUPERUSER_REALM = ["super"]',
    "",
  ].join("\n");
}

/** Lines of a flat file of users, as in /etc/passwd. */
export function usersFile(count: number): string {
  return Array.from({ length: count }, (_, i) => userLine(i)).join("");
}

function userLine(i: number): string {
  return `${nameOf(i)}:x:${1000 + i}:${1000 + i}:Ann ${i},,,:/nonexistent:/bin/false\n`;
}

function nameOf(index: number): string {
  return `bench-${index}`;
}

function addressOf(user: string): string {
  return `${user}@bench.example`;
}

/** A challenge that waits for its password. */
export interface Challenge {
  readonly user: string;
  readonly transactionId: string;
  readonly password: string;
}

/** Serving, until `stop`. */
export class PrivacyIdea {
  readonly users: readonly string[];
  readonly #server: ChildProcess;
  readonly #port: number;
  readonly #sink: SmtpSink;
  #token = "";

  private constructor(server: ChildProcess, port: number, sink: SmtpSink, users: number) {
    this.#server = server;
    this.#port = port;
    this.#sink = sink;
    this.users = Array.from({ length: users }, (_, i) => nameOf(i));
  }

  /** In a folder that exists and is empty. */
  static async start(
    folder: string,
    python: Python,
    users: number,
    signal: AbortSignal,
    say: (line: string) => void,
  ): Promise<PrivacyIdea> {
    const env = await prepare(folder, python, users, signal, say);
    const port = await freePort();
    const options = ["-w", String(WORKERS), "-b", `127.0.0.1:${port}`, "--log-level", "warning", "wsgi:application"];
    const server = spawn(python.program("gunicorn"), options, { cwd: folder, env, stdio: "ignore" });
    const peer = new PrivacyIdea(server, port, await SmtpSink.listen(), users);
    try {
      await peer.#answers(signal);
      say(`enrolling ${users} users`);
      await peer.#setUp(folder, signal);
      return peer;
    } catch (error) {
      await peer.stop();
      throw error;
    }
  }

  /** CPU seconds of the server's processes since they began. */
  get cpuSeconds(): number {
    const pid = this.#server.pid ?? 0;
    const workers = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").map(Number);
    return [pid, ...workers].reduce((sum, one) => sum + cpuSecondsOf(one), 0);
  }

  /** Its part of Create: a password is drawn and mailed, and the mail has been handed over. */
  async trigger(user: string): Promise<Challenge> {
    const { detail } = await this.#post("/validate/triggerchallenge", { user, realm: REALM }, this.#token);
    const transactionId = detail?.["transaction_id"];
    if (typeof transactionId !== "string") throw new Error("privacyIDEA triggered no challenge");
    return { user, transactionId, password: this.#sink.take(addressOf(user)) };
  }

  /** Its part of SubmitStatement: whoever has the password may go on. */
  async check({ user, transactionId, password }: Challenge): Promise<void> {
    const asked = { user, realm: REALM, pass: password, transaction_id: transactionId };
    const { result } = await this.#post("/validate/check", asked);
    if (result?.value !== true) throw new Error("privacyIDEA refused the password");
  }

  async stop(): Promise<void> {
    if (this.#server.exitCode === null && this.#server.signalCode === null) {
      const gone = once(this.#server, "exit");
      this.#server.kill();
      await gone;
    }
    await this.#sink.close();
  }

  async #answers(signal: AbortSignal): Promise<void> {
    const end = performance.now() + START_MS;
    for (;;) {
      if (this.#server.exitCode !== null) throw new Error(`gunicorn ended with ${this.#server.exitCode}`);
      try {
        const answer = await this.#post("/auth", ADMIN);
        const token = (answer.result?.value as { readonly token?: string } | undefined)?.token;
        if (token === undefined) throw new Error("privacyIDEA let its administrator not in");
        this.#token = token;
        return;
      } catch (error) {
        if (performance.now() > end || !isRefused(error)) throw error;
        await sleep(200, undefined, { signal });
      }
    }
  }

  async #setUp(folder: string, signal: AbortSignal): Promise<void> {
    const post = (path: string, body: object): Promise<Answer> => this.#post(path, body, this.#token);
    await post("/resolver/flat", { type: "passwdresolver", fileName: join(folder, "users") });
    await post(`/realm/${REALM}`, { resolvers: "flat" });
    const server = { server: "127.0.0.1", port: this.#sink.port, sender: "bench@bench.example", tls: false };
    await post("/smtpserver/sink", server);
    await post("/system/setConfig", { "email.identifier": "sink" });
    await inFlight(this.users, WORKERS, signal, async (user) => {
      await post("/token/init", { type: "email", email: addressOf(user), user, realm: REALM });
    });
  }

  async #post(path: string, body: object, token?: string): Promise<Answer> {
    const text = JSON.stringify(body);
    const headers = {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(text),
      ...(token === undefined ? {} : { authorization: token }),
    };
    const call = request({ host: "127.0.0.1", port: this.#port, method: "POST", path, headers, timeout: CALL_MS });
    call.once("timeout", () => call.destroy(new Error(`${path}: no answer within a minute`)));
    call.end(text);
    const [response] = (await once(call, "response")) as [NodeJS.ReadableStream & { readonly statusCode?: number }];
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(Buffer.from(chunk));
    const answer = JSON.parse(Buffer.concat(chunks).toString("utf8")) as Answer;
    if (answer.result?.status === true) return answer;
    throw new Error(`privacyIDEA: ${path}: ${response.statusCode} ${answer.result?.error?.message ?? ""}`);
  }
}

interface Answer {
  readonly result?: {
    readonly status: boolean;
    readonly value?: unknown;
    readonly error?: { readonly message: string };
  };
  readonly detail?: Readonly<Record<string, unknown>>;
}

function isRefused(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ECONNREFUSED";
}

/** Keys, tables, administrator, users; answers the environment that its programs need. */
async function prepare(
  folder: string,
  python: Python,
  users: number,
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<NodeJS.ProcessEnv> {
  const config = join(folder, "pi.cfg");
  writeFileSync(config, configOf(folder), { mode: 0o600 });
  writeFileSync(join(folder, "users"), usersFile(users));
  const application = `create_app(config_name="production", config_file=${JSON.stringify(config)}, silent=True)`;
  writeFileSync(join(folder, "wsgi.py"), `from privacyidea.app import create_app\napplication = ${application}\n`);
  const env = { ...process.env, PRIVACYIDEA_CONFIGFILE: config, PI_CONFIG_NAME: "production" };
  say("making privacyIDEA's keys, tables and administrator");
  const steps = [
    ["setup", "create_enckey"],
    ["setup", "create_audit_keys"],
    ["setup", "create_tables"],
    ["admin", "add", ADMIN.username, "-p", ADMIN.password],
  ];
  for (const step of steps) await run(python.program("pi-manage"), step, { cwd: folder, env, signal });
  return env;
}
