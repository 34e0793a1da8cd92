import { readFileSync } from "node:fs";
import { Client, type ClientReadableStream, credentials, Metadata, type ServiceDefinition } from "@grpc/grpc-js";
import { KeyServiceService } from "@countersign/proto/node/core/v1/key_service";
import { LinkServiceService } from "@countersign/proto/node/core/v1/link_service";
import { type Transaction, TransactionServiceService } from "@countersign/proto/node/core/v1/transaction_service";
import { UserServiceService } from "@countersign/proto/node/core/v1/user_service";
import { VerificationServiceService } from "@countersign/proto/node/core/v1/verification_service";
import { ExecutionServiceService } from "@countersign/proto/node/core/v1/execution_service";
import { ReceiptServiceService } from "@countersign/proto/node/core/v1/receipt_service";
import { CodeServiceService } from "@countersign/proto/node/core/v1/code_service";
import { DeviceServiceService, type SignRequest } from "@countersign/proto/node/device/v1/device_service";
import { encodeContent, type Kind, type Label, labelName } from "@countersign/protocol";
import type { Installation } from "./installation.ts";

/** Every service of core and daemon as plain functions: unary ones give promises, streams give async iterables. */
export type Stub<S extends ServiceDefinition> = {
  readonly [M in keyof S]: S[M] extends {
    requestSerialize: (value: infer Request) => Buffer;
    responseDeserialize: (bytes: Buffer) => infer Response;
    responseStream: infer Stream;
  }
    ? (request: Partial<Request>) => Stream extends true ? AsyncIterable<Response> : Promise<Response>
    : never;
};

/** A request to the key, as far as it follows from a transaction. */
export type ToSign = Partial<SignRequest> & Pick<SignRequest, "content">;

/** What set-up and tests speak to, with the app's `submit` token (and `execute` token for the executor's service). */
export interface Parts {
  readonly platform: string;
  readonly users: Stub<typeof UserServiceService>;
  readonly keys: Stub<typeof KeyServiceService>;
  readonly links: Stub<typeof LinkServiceService>;
  readonly codes: Stub<typeof CodeServiceService>;
  readonly transactions: Stub<typeof TransactionServiceService>;
  readonly verification: Stub<typeof VerificationServiceService>;
  readonly execution: Stub<typeof ExecutionServiceService>;
  readonly receipts: Stub<typeof ReceiptServiceService>;
  readonly device: Stub<typeof DeviceServiceService>;
  labelOf(label: number): string;
  toSign(transaction: Transaction): ToSign;
  close(): void;
}

/** Connects to the core and, if a socket is given, to the daemon. */
export function connect(installation: Installation, daemonSocket?: string): Parts {
  const { coreAddress } = installation;
  // Of several cores: gRPC keeps to one of the addresses, and to another when that is gone.
  const target = coreAddress.includes(",") ? `ipv4:${coreAddress}` : coreAddress;
  const core = new Client(target, credentials.createInsecure());
  const daemon = new Client(daemonSocket ?? "unix:/nowhere", credentials.createInsecure());
  const submit = bearer(installation.submitTokenFile);
  const execute = bearer(installation.executeTokenFile);
  return {
    platform: installation.platform,
    users: stub(UserServiceService, core, submit),
    keys: stub(KeyServiceService, core, submit),
    links: stub(LinkServiceService, core, submit),
    codes: stub(CodeServiceService, core, submit),
    transactions: stub(TransactionServiceService, core, submit),
    verification: stub(VerificationServiceService, core, submit),
    execution: stub(ExecutionServiceService, core, execute),
    receipts: stub(ReceiptServiceService, core, submit),
    device: stub(DeviceServiceService, daemon, new Metadata()),
    labelOf: (label) => labelName(label as Label),
    toSign,
    close: () => {
      core.close();
      daemon.close();
    },
  };
}

/** The request to the key for a transaction whose lines the caller believes. */
function toSign(transaction: Transaction): ToSign {
  const { contentVersion: version, issuerName: issuer } = transaction;
  const lines = transaction.lines.map(({ label, value }) => ({ label: label as Label, value }));
  return {
    deviceId: "",
    keyIds: transaction.keyIds,
    serverId: transaction.serverId,
    transactionId: transaction.transactionId,
    nonce: transaction.nonce,
    content: Buffer.from(encodeContent({ version, issuer, kind: transaction.kind as Kind, lines })),
    mode: transaction.mode,
    expiresInS: 120,
    session: "",
    requester: "set-up",
  };
}

/** The last message of a stream. */
export async function last<T>(stream: AsyncIterable<T>): Promise<T> {
  let latest: T | undefined;
  for await (const message of stream) latest = message;
  if (latest === undefined) throw new Error("the stream ended without a message");
  return latest;
}

/** Who leaves the loop cancels the call: else it would stay open, and a connection carries 100 at once. */
function leavable(call: ClientReadableStream<unknown>): AsyncIterable<unknown> {
  return {
    async *[Symbol.asyncIterator]() {
      try {
        yield* call;
      } finally {
        call.on("error", () => undefined).cancel();
      }
    },
  };
}

/** What calls carry with the token in this file. */
export function bearer(tokenFile: string): Metadata {
  const metadata = new Metadata();
  metadata.set("authorization", `Bearer ${readFileSync(tokenFile, "utf8").trim()}`);
  return metadata;
}

/** Plain functions for a service, whose calls carry this metadata. */
export function stub<S extends ServiceDefinition>(service: S, client: Client, metadata: Metadata): Stub<S> {
  const methods = Object.entries(service).map(([name, method]) => {
    // What the caller leaves out has the value that an absent field has on the wire.
    const absent = method.requestDeserialize(Buffer.alloc(0)) as object;
    const serialize = (value: object): Buffer => method.requestSerialize({ ...absent, ...value });
    const deserialize = method.responseDeserialize as (bytes: Buffer) => unknown;
    const unary = (request: object): Promise<unknown> =>
      new Promise((resolve, reject) => {
        const deadline = Date.now() + 60_000;
        client.makeUnaryRequest(
          method.path,
          serialize,
          deserialize,
          request,
          metadata,
          { deadline },
          (error, answer) => {
            if (error === null) resolve(answer);
            else reject(error);
          },
        );
      });
    const stream = (request: object): AsyncIterable<unknown> =>
      leavable(client.makeServerStreamRequest(method.path, serialize, deserialize, request, metadata));
    return [name, method.responseStream ? stream : unary];
  });
  return Object.fromEntries(methods) as Stub<S>;
}
