import { readFileSync } from "node:fs";
import { isIPv4, isIPv6 } from "node:net";
import { ChannelServiceClient } from "@countersign/proto/node/channel/v1/channel_service";
import { credentials, Metadata } from "@grpc/grpc-js";
import { isLoopback } from "../loopback.ts";
import { Secret } from "../secret.ts";

/** Where the core is and who we are. */
export interface CoreAddress {
  /**
   * `host:port`: a name may have a record for each core. Or `address:port` of several cores divided by commas: they are
   * tried in this order, from the next one on after each stream that ended.
   */
  readonly address: string;
  /** No TLS: loopback only. */
  readonly plaintext: boolean;
  /** PEM of the authority that signed the core's certificate; undefined: those of the machine. */
  readonly ca?: Uint8Array;
  /** The bot token, `cs_bot_…`. */
  readonly token: Secret;
}

/** A connection to the core, or to one of several. */
export interface CoreConnection {
  /** Of the attempt of this number, from 0: each begins with another core. */
  clientOf(attempt: number): ChannelServiceClient;
  readonly metadata: Metadata;
  close(): void;
}

/** Opens the connection; nothing is sent before the first Attach. Throws when plain text would leave the machine. */
export function connectCore(core: CoreAddress): CoreConnection {
  const addresses = core.address.split(",");
  if (core.plaintext && !addresses.every((one) => isLoopback(one.replace(/:\d{1,5}$/, "")))) {
    throw new Error(`without TLS the core must be on this machine, such as 127.0.0.1:8701, not ${core.address}`);
  }
  const authority = core.ca === undefined ? undefined : Buffer.from(core.ca);
  const channel = core.plaintext ? credentials.createInsecure() : credentials.createSsl(authority);
  const clients = addresses.map((_, first) => {
    const target = targetOf([...addresses.slice(first), ...addresses.slice(0, first)]);
    return new ChannelServiceClient(target, channel, {
      "grpc.keepalive_time_ms": 10_000,
      "grpc.keepalive_timeout_ms": 5_000,
      "grpc.initial_reconnect_backoff_ms": 200,
      "grpc.max_reconnect_backoff_ms": 5_000,
    });
  });
  const metadata = new Metadata();
  metadata.set("authorization", `Bearer ${core.token.reveal()}`);
  return {
    clientOf: (attempt) => clients[attempt % clients.length] as ChannelServiceClient,
    metadata,
    close: () => {
      for (const client of clients) client.close();
    },
  };
}

/** grpc-js tries all addresses of a target while none is connected. Throws an Error that names them. */
function targetOf(addresses: readonly string[]): string {
  if (addresses.length === 1) return addresses.join();
  const hosts = addresses.map((one) => /^(?:\[([^\]]+)\]|([^:]+)):\d{1,5}$/.exec(one));
  if (hosts.every((found) => isIPv4(found?.[2] ?? ""))) return `ipv4:${addresses.join(",")}`;
  if (hosts.every((found) => isIPv6(found?.[1] ?? ""))) return `ipv6:${addresses.join(",")}`;
  throw new Error(
    `${addresses.join(",")}: several cores are IP addresses of one family, each with its port, or one name that has a record for each`,
  );
}

/** Reads a token from its file: one line, surrounding white space ignored. Throws, naming the file, when it is empty. */
export function readSecret(name: string, path: string): Secret {
  const text = readFileSync(path, "utf8").trim();
  if (text === "" || /\s/.test(text)) throw new Error(`${path} must hold the ${name} alone, on one line`);
  return new Secret(name, text);
}
