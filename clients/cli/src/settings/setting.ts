/** One setting: how it is named everywhere and what it means. */
export interface SettingName {
  /** Member of the configuration file. */
  readonly file: string;
  readonly flag: string;
  readonly env: string;
  readonly meaning: string;
}

export type SettingKey =
  | "core"
  | "serverId"
  | "coreKeys"
  | "tokenFile"
  | "executeTokenFile"
  | "adminTokenFile"
  | "daemon"
  | "user"
  | "ca"
  | "cert"
  | "certKey"
  | "patience";

/** Every setting of the command. All work when absent, until a command needs one. */
export const SETTINGS: Readonly<Record<SettingKey, SettingName>> = {
  core: name(
    "core",
    "--core",
    "CORE",
    "address of the core, host:port; of several, IP addresses with port divided by commas",
  ),
  serverId: name("serverId", "--server-id", "SERVER_ID", "id of the core installation, 32 hexadecimal digits"),
  coreKeys: name(
    "coreKeys",
    "--core-key",
    "CORE_KEYS",
    "receipt keys of the core, COSE_Key in hexadecimal, several divided by commas",
  ),
  tokenFile: name(
    "tokenFile",
    "--token-file",
    "TOKEN_FILE",
    "path of a file (0600) holding an app token of scope submit, or a grant",
  ),
  executeTokenFile: name(
    "executeTokenFile",
    "--execute-token",
    "EXECUTE_TOKEN_FILE",
    "path of a file (0600) holding an app token of scope execute, for countersign exec and gate",
  ),
  adminTokenFile: name(
    "adminTokenFile",
    "--admin-token",
    "ADMIN_TOKEN_FILE",
    "path of a file (0600) holding an administrator's token, for countersign admin",
  ),
  daemon: name("daemon", "--daemon", "DAEMON", "path of the device daemon's Unix socket"),
  user: name("user", "--user", "USER", "the relying party's name of the user"),
  ca: name("ca", "--ca", "CA", "path of a PEM file with the authority of the core's TLS certificate"),
  cert: name("cert", "--cert", "CERT", "path of a PEM file with this client's certificate, for mutual TLS"),
  certKey: name("certKey", "--cert-key", "CERT_KEY", "path of a PEM file with the private key of that certificate"),
  patience: name(
    "patience",
    "--patience",
    "PATIENCE",
    "seconds to wait for a core that does not answer, 0 to 600; default 20",
  ),
};

function name(file: string, flag: string, env: string, meaning: string): SettingName {
  return { file, flag, env: `COUNTERSIGN_${env}`, meaning };
}
