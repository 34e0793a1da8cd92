import { readFileSync } from "node:fs";
import { ChannelServiceClient } from "@countersign/proto/node/channel/v1/channel_service";
import { credentials, Metadata } from "@grpc/grpc-js";
import { isLoopback } from "../loopback.ts";
import { Secret } from "../secret.ts";

/** Where the core is and who we are. */
export interface CoreAddress {
  /** `host:port`. */
  readonly address: string;
  /** No TLS: loopback only. */
  readonly plaintext: boolean;
  /** PEM of the authority that signed the core's certificate; undefined: those of the machine. */
  readonly ca?: Uint8Array;
  /** The bot token, `cs_bot_…`. */
  readonly token: Secret;
}

/** A connection to the core. */
export interface CoreConnection {
  readonly client: ChannelServiceClient;
  readonly metadata: Metadata;
  close(): void;
}

/** Opens the connection; nothing is sent before the first Attach. Throws when plain text would leave the machine. */
export function connectCore(core: CoreAddress): CoreConnection {
  if (core.plaintext && !isLoopback(core.address.replace(/:\d{1,5}$/, ""))) {
    throw new Error(`without TLS the core must be on this machine, such as 127.0.0.1:8701, not ${core.address}`);
  }
  const authority = core.ca === undefined ? undefined : Buffer.from(core.ca);
  const channel = core.plaintext ? credentials.createInsecure() : credentials.createSsl(authority);
  const client = new ChannelServiceClient(core.address, channel, {
    "grpc.keepalive_time_ms": 10_000,
    "grpc.keepalive_timeout_ms": 5_000,
    "grpc.initial_reconnect_backoff_ms": 200,
    "grpc.max_reconnect_backoff_ms": 5_000,
  });
  const metadata = new Metadata();
  metadata.set("authorization", `Bearer ${core.token.reveal()}`);
  return { client, metadata, close: () => client.close() };
}

/** Reads a token from its file: one line, surrounding white space ignored. Throws, naming the file, when it is empty. */
export function readSecret(name: string, path: string): Secret {
  const text = readFileSync(path, "utf8").trim();
  if (text === "" || /\s/.test(text)) throw new Error(`${path} must hold the ${name} alone, on one line`);
  return new Secret(name, text);
}
