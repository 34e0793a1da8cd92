import { readFileSync } from "node:fs";
import { credentials, type ChannelCredentials, type ClientOptions } from "@grpc/grpc-js";
import { CodeServiceClient } from "@countersign/proto/node/core/v1/code_service";
import { ConfirmationServiceClient } from "@countersign/proto/node/core/v1/confirmation_service";
import { KeyServiceClient } from "@countersign/proto/node/core/v1/key_service";
import { LinkServiceClient } from "@countersign/proto/node/core/v1/link_service";
import { ReceiptServiceClient } from "@countersign/proto/node/core/v1/receipt_service";
import { TransactionServiceClient } from "@countersign/proto/node/core/v1/transaction_service";
import { UserServiceClient } from "@countersign/proto/node/core/v1/user_service";
import { VerificationServiceClient } from "@countersign/proto/node/core/v1/verification_service";
import { isLoopback, targetOf } from "./core-address.ts";
import type { CoreConnection } from "../core-connection.ts";
import type { Token } from "../token.ts";
import { grpcPort } from "./grpc-port.ts";

/** How the core is reached. */
export interface CoreOptions {
  /**
   * `host:port`: a name may have a record for each core. Or `address:port` of several cores divided by commas: one of them
   * is chosen at random, and another when it goes. Without `tls` only loopback addresses are taken.
   */
  readonly address: string;
  readonly token: Token;
  /** Files in PEM. An empty object: TLS by the system's certificate authorities. */
  readonly tls?: { readonly caFile?: string; readonly certFile?: string; readonly keyFile?: string } | undefined;
  /** Deadline of one call, in milliseconds; default 10 000. Streams have none: they are resumed. */
  readonly deadlineMs?: number | undefined;
  /** How long a call waits in all for a core that does not answer; default 20 000 ms, in which one starts again. 0: not at all. */
  readonly patienceMs?: number | undefined;
  /** Called when a call has waited a second for a core that does not answer, and waits on. */
  readonly onSilence?: (() => void) | undefined;
}

/** One connection to the core, with a client of grpc-js per service for what else is to be called. Close it when done. */
export interface NodeCoreConnection extends CoreConnection {
  readonly token: Token;
  readonly transactions: TransactionServiceClient;
  readonly codes: CodeServiceClient;
  readonly verifications: VerificationServiceClient;
  readonly confirmations: ConfirmationServiceClient;
  readonly receipts: ReceiptServiceClient;
  readonly users: UserServiceClient;
  readonly keys: KeyServiceClient;
  readonly links: LinkServiceClient;
}

const CHANNEL: ClientOptions = {
  // A core that hangs, or a host that is gone without a word, is left for another one within 15 s while calls are open.
  "grpc.keepalive_time_ms": 10_000,
  "grpc.keepalive_timeout_ms": 5_000,
  "grpc.max_receive_message_length": 4 * 1024 * 1024,
  "grpc.initial_reconnect_backoff_ms": 100,
  "grpc.max_reconnect_backoff_ms": 2_000,
  "grpc.enable_retries": 0, // retries are decided in ../call.ts, where it is known which calls may be repeated
};

/** Opens the connection; nothing is sent yet. Throws an Error naming the address or file when it cannot be right. */
export function openCore(options: CoreOptions): NodeCoreConnection {
  const address = targetOf(options.address);
  const channel = channelCredentials(options);
  const transactions = new TransactionServiceClient(address, channel, CHANNEL);
  const shared = { ...CHANNEL, channelOverride: transactions.getChannel() };
  return {
    token: options.token,
    deadlineMs: options.deadlineMs ?? 10_000,
    patienceMs: options.patienceMs ?? 20_000,
    onSilence: options.onSilence,
    port: grpcPort(transactions),
    transactions,
    codes: new CodeServiceClient(address, channel, shared),
    verifications: new VerificationServiceClient(address, channel, shared),
    confirmations: new ConfirmationServiceClient(address, channel, shared),
    receipts: new ReceiptServiceClient(address, channel, shared),
    users: new UserServiceClient(address, channel, shared),
    keys: new KeyServiceClient(address, channel, shared),
    links: new LinkServiceClient(address, channel, shared),
    close: () => transactions.close(),
  };
}

function channelCredentials({ address, tls }: CoreOptions): ChannelCredentials {
  if (tls !== undefined) {
    const key = optionalFile(tls.keyFile);
    const chain = optionalFile(tls.certFile);
    if ((key === null) !== (chain === null)) throw new Error("mutual TLS needs both certFile and keyFile");
    return credentials.createSsl(optionalFile(tls.caFile), key, chain);
  }
  if (isLoopback(address)) return credentials.createInsecure();
  throw new Error(
    `${address} is not on this machine, so it is reached by TLS only: name a CA file, or none for the system's`,
  );
}

function optionalFile(path: string | undefined): Buffer | null {
  return path === undefined ? null : readFileSync(path);
}
