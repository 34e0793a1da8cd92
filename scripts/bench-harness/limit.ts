// The limit's processes, and the calls that load them as the core is loaded: the same generator, connections, metadata.
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { FROM_SOURCE } from "@countersign/testing/child";
import {
  TransactionServiceCreateRequest,
  TransactionServiceService,
} from "@countersign/proto/node/core/v1/transaction_service";
import {
  VerificationServiceService,
  VerificationServiceSubmitStatementRequest,
} from "@countersign/proto/node/core/v1/verification_service";
import type { Metadata } from "@grpc/grpc-js";
import { bareService, paddedTo } from "./bare-service.ts";
import type { Recorded, RecordedCall } from "./recorded.ts";
import type { VerifyOrder } from "./verify-loop.ts";
import { Wire } from "./wire.ts";

/** A process that does nothing of ours. */
export interface LimitPart {
  readonly pid: number;
  stop(): Promise<void>;
}

/** Answers the two calls of a transaction without any work. */
export interface Echo extends LimitPart {
  /** Bare messages of the same sizes: what counts as the limit. Both calls, or one of them. */
  bare(): Promise<void>;
  bareCreate(): Promise<void>;
  bareSubmit(): Promise<void>;
  /** The product's own messages: what its encodings alone cost. */
  own(): Promise<void>;
}

/** Sized after a real transaction's calls. */
export async function startEcho(recorded: Recorded, connections: number, metadata: Metadata): Promise<Echo> {
  const child = forkPart("echo-server.ts");
  child.send(recorded);
  const { address } = await answerOf<{ readonly address: string }>(child);
  const wire = new Wire(address, connections, metadata);
  const create = TransactionServiceCreateRequest.decode(bytes(recorded.create));
  const submit = VerificationServiceSubmitStatementRequest.decode(bytes(recorded.submit));
  const padded = [paddedTo(bytes(recorded.create).length), paddedTo(bytes(recorded.submit).length)] as const;
  const bareCreate = async (): Promise<void> => void (await wire.call(bareService.create, padded[0]));
  const bareSubmit = async (): Promise<void> => void (await wire.call(bareService.submit, padded[1]));
  return {
    pid: pidOf(child),
    bareCreate,
    bareSubmit,
    bare: async () => {
      await bareCreate();
      await bareSubmit();
    },
    own: async () => {
      await wire.call(TransactionServiceService.create, create);
      await wire.call(VerificationServiceService.submitStatement, submit);
    },
    stop: async () => {
      wire.close();
      await stopPart(child);
    },
  };
}

function bytes({ request }: RecordedCall): Buffer {
  return Buffer.from(request, "base64");
}

/** Verifies as many signatures as it is asked to. */
export async function startVerifier(): Promise<LimitPart & { verify(order: VerifyOrder): Promise<void> }> {
  const child = forkPart("verify-loop.ts");
  await answerOf(child);
  return {
    pid: pidOf(child),
    verify: async (order) => {
      child.send(order);
      await answerOf(child);
    },
    stop: () => stopPart(child),
  };
}

/** Starts a process of a benchmark; it ends by itself when this one is gone: its channel closes. */
export function forkPart(file: string): ChildProcess {
  return fork(fileURLToPath(new URL(file, import.meta.url)), { execArgv: [...FROM_SOURCE] });
}

/** Its next message; rejects when it ends before. */
export async function answerOf<T>(child: ChildProcess): Promise<T> {
  const over = new AbortController();
  const gone = once(child, "exit", { signal: over.signal }).then(([code]) => {
    throw new Error(`a process of the benchmark ended with ${String(code)}`);
  });
  try {
    const [message] = (await Promise.race([once(child, "message", { signal: over.signal }), gone])) as [T];
    return message;
  } finally {
    over.abort();
    gone.catch(() => undefined);
  }
}

/** Throws where it could not be started. */
export function pidOf({ pid }: ChildProcess): number {
  if (pid === undefined) throw new Error("a process of the benchmark could not be started");
  return pid;
}

/** Ends it and waits until it is gone. */
export async function stopPart(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill();
  await gone;
}
