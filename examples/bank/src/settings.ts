import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { credentials, Metadata, type ChannelCredentials } from "@grpc/grpc-js";

/** What the bank is started with. */
export interface Settings {
  readonly core: string;
  readonly channel: ChannelCredentials;
  /** Holds the bearer token; never logged. */
  readonly metadata: Metadata;
  readonly ledger: string;
}

export const USAGE =
  "usage: countersign-example-bank --core HOST:PORT[,...] --token-file FILE --ledger FILE [--core-ca FILE [--cert FILE --cert-key FILE]]";

/** Reads the command line. Throws an Error that names the option. */
export function readSettings(args: readonly string[]): Settings {
  const text = { type: "string" } as const;
  const options = { core: text, "token-file": text, ledger: text, "core-ca": text, cert: text, "cert-key": text };
  const { values } = parseArgs({ args: [...args], options });
  const { core, ledger } = values;
  const tokenFile = values["token-file"];
  if (core === undefined)
    throw new Error("--core: address of the core, host:port; of several, IPv4 addresses with port divided by commas");
  if (tokenFile === undefined) throw new Error("--token-file: path of a file holding the app token of scope execute");
  if (ledger === undefined) throw new Error("--ledger: path of the file that payments are booked in");
  const metadata = new Metadata();
  metadata.set("authorization", `Bearer ${readFileSync(tokenFile, "utf8").trim()}`);
  return {
    core: targetOf(core),
    ledger,
    metadata,
    channel: channelOf(core, values["core-ca"], values.cert, values["cert-key"]),
  };
}

/** Of several cores, IPv4 addresses divided by commas, gRPC keeps to one and goes to another when that is gone. */
function targetOf(core: string): string {
  return core.includes(",") ? `ipv4:${core}` : core;
}

function channelOf(core: string, ca?: string, cert?: string, key?: string): ChannelCredentials {
  if (ca !== undefined) {
    return credentials.createSsl(pem(ca), pem(key), pem(cert));
  }
  const isHere = core.split(",").every((one) => /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\]):\d+$/.test(one));
  if (isHere) return credentials.createInsecure();
  throw new Error("--core-ca: needed, because a core on another machine is reached by TLS only");
}

function pem(path: string | undefined): Buffer | null {
  return path === undefined ? null : readFileSync(path);
}
