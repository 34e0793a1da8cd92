import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

/** Shared secret of `/_synapse/admin/v1/register`. */
export const REGISTRATION_SECRET = "test-only-secret";
/** The part of every user id after the colon. */
export const SERVER_NAME = "localhost";

/** Requests a second, and how many may come at once. */
export interface SynapseRate {
  readonly per_second: number;
  readonly burst_count: number;
}

/** What a test may set. */
export interface SynapseOptions {
  /** How fast one user may send events (`rc_message`); default: as good as unlimited. */
  readonly messages?: SynapseRate;
  /** Whether the server encrypts every new room by itself; default true. */
  readonly encryptsByDefault?: boolean;
}

const OPEN: SynapseRate = { per_second: 1000, burst_count: 1000 };

/** Writes configuration, signing key and log settings of a homeserver into its folder. JSON is YAML. Returns the path of the configuration. */
export function writeSynapseConfig(folder: string, port: number, options: SynapseOptions = {}): string {
  const log = {
    version: 1,
    formatters: { plain: { format: "%(asctime)s %(levelname)s %(name)s %(message)s" } },
    handlers: { file: { class: "logging.FileHandler", formatter: "plain", filename: join(folder, "synapse.log") } },
    root: { level: "WARNING", handlers: ["file"] },
    disable_existing_loggers: false,
  };
  const config = {
    server_name: SERVER_NAME,
    pid_file: join(folder, "synapse.pid"),
    listeners: [
      {
        port,
        bind_addresses: ["127.0.0.1"],
        type: "http",
        tls: false,
        resources: [{ names: ["client"], compress: false }],
      },
    ],
    database: { name: "sqlite3", args: { database: join(folder, "homeserver.db") } },
    log_config: join(folder, "log.yaml"),
    media_store_path: join(folder, "media"),
    signing_key_path: join(folder, "signing.key"),
    registration_shared_secret: REGISTRATION_SECRET,
    macaroon_secret_key: "m",
    form_secret: "f",
    trusted_key_servers: [],
    report_stats: false,
    encryption_enabled_by_default_for_room_type: options.encryptsByDefault === false ? "off" : "all",
    rc_message: options.messages ?? OPEN,
    rc_login: { address: OPEN, account: OPEN },
    rc_joins: { local: OPEN },
    rc_invites: { per_room: OPEN, per_user: OPEN, per_issuer: OPEN },
  };
  const seed = randomBytes(32).toString("base64").replace(/=+$/, "");
  writeFileSync(join(folder, "signing.key"), `ed25519 a_test ${seed}\n`, { mode: 0o600 });
  writeFileSync(join(folder, "log.yaml"), JSON.stringify(log));
  const path = join(folder, "homeserver.yaml");
  writeFileSync(path, JSON.stringify(config));
  return path;
}
