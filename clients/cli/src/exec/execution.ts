import { randomUUID } from "node:crypto";
import { credentials } from "@grpc/grpc-js";
import {
  ExecutionOutcome,
  ExecutionServiceBeginRequest,
  ExecutionServiceClaimRequest,
  ExecutionServiceClient,
  ExecutionServiceRenewRequest,
  ExecutionServiceReportRequest,
  ExecutionServiceResolveRequest,
} from "@countersign/proto/node/core/v1/execution_service";
import { equalBytes, txDigestOf } from "@countersign/protocol";
import { call, CoreError, pause, readTokenFile, type CoreConnection } from "@countersign/sdk";
import { CliError, refused } from "../cli-error.ts";
import { ExitCode } from "../exit-code.ts";
import { openWithToken, type CommandGiven } from "../session.ts";

/** Of each lease; it is prolonged while the command runs. */
const LEASE_S = 60;

/** Reports are tried for so long: what happened is to be known. */
const REPORT_PATIENCE_MS = 60_000;

/** Runs with a connection that may claim, and closes it. Throws a CliError when there is no token for it. */
export async function withExecutor<T>(given: CommandGiven, run: (executor: Executor) => Promise<T>): Promise<T> {
  const path = given.settings.get("executeTokenFile");
  if (path === undefined) {
    throw refused(
      "--execute-token FILE or COUNTERSIGN_EXECUTE_TOKEN_FILE is needed: a file (0600) with an app token of scope " +
        "execute, because only who claims a confirmed transaction may carry it out, once",
    );
  }
  const core = openWithToken(given, readExecuteToken(path));
  try {
    return await run(new Executor(core));
  } finally {
    core.close();
  }
}

function readExecuteToken(path: string): ReturnType<typeof readTokenFile> {
  try {
    return readTokenFile(path);
  } catch (error) {
    throw new CliError(ExitCode.ENVIRONMENT, error instanceof Error ? error.message : String(error));
  }
}

/** Claims confirmed transactions for this process alone. */
export class Executor {
  readonly core: CoreConnection;
  readonly #client: ExecutionServiceClient;

  constructor(core: CoreConnection) {
    this.core = core;
    const channelOverride = core.transactions.getChannel();
    this.#client = new ExecutionServiceClient("shared", credentials.createInsecure(), { channelOverride });
  }

  /**
   * Takes the transaction whose content is this and nothing else; from now on nobody else can. Throws a CliError when
   * somebody has it already, or when the core would have something else carried out.
   */
  async claim(transactionId: string, content: Uint8Array): Promise<Claim> {
    const request = ExecutionServiceClaimRequest.create({
      transactionId,
      claimId: randomUUID(), // of this process: one that comes after it has no part in its lease
      txDigest: Buffer.from(txDigestOf(content)),
      lease: { seconds: BigInt(LEASE_S), nanos: 0 },
    });
    const { claimed, lease } = await call(this.#client.claim.bind(this.#client), request, this.core);
    if (lease === undefined || claimed?.transactionId !== transactionId || !equalBytes(claimed.content, content)) {
      throw new CliError(
        ExitCode.CONTENT_DIFFERS,
        "STOPPED: what the core wants carried out is not what was confirmed here; nothing was done. Ask the administrator",
      );
    }
    return new Claim(this.#client, this.core, transactionId, lease.fence);
  }

  /** A person found out how a transaction ended of which nobody reported. */
  async resolve(transactionId: string, carriedOut: boolean, detail: string): Promise<void> {
    const outcome = carriedOut ? ExecutionOutcome.EXECUTED : ExecutionOutcome.FAILED;
    const request = ExecutionServiceResolveRequest.create({ transactionId, outcome, detail });
    await call(this.#client.resolve.bind(this.#client), request, this.core);
  }
}

/** A claimed transaction: begun, prolonged while it is carried out, reported. */
export class Claim {
  readonly #client: ExecutionServiceClient;
  readonly #core: CoreConnection;
  readonly #id: { readonly transactionId: string; readonly fence: bigint };

  constructor(client: ExecutionServiceClient, core: CoreConnection, transactionId: string, fence: bigint) {
    this.#client = client;
    this.#core = core;
    this.#id = { transactionId, fence };
  }

  /** Right before the effect. */
  async begin(): Promise<void> {
    await call(this.#client.begin.bind(this.#client), ExecutionServiceBeginRequest.create(this.#id), this.#core);
  }

  /** Prolongs the lease until the signal. A core that is away is asked again: a report counts after a lapse, too. */
  async keep(signal: AbortSignal): Promise<void> {
    const request = ExecutionServiceRenewRequest.create({ ...this.#id, lease: { seconds: BigInt(LEASE_S), nanos: 0 } });
    for (;;) {
      await pause((LEASE_S * 1000) / 3, signal);
      if (signal.aborted) return;
      await call(this.#client.renew.bind(this.#client), request, { ...this.#core, signal }).catch(() => undefined);
    }
  }

  /** Tells what happened. */
  report(carriedOut: boolean, detail: string): Promise<unknown> {
    const outcome = carriedOut ? ExecutionOutcome.EXECUTED : ExecutionOutcome.FAILED;
    const request = ExecutionServiceReportRequest.create({ ...this.#id, outcome, detail: safeDetail(detail) });
    const patient = { ...this.#core, patienceMs: Math.max(this.#core.patienceMs, REPORT_PATIENCE_MS) };
    return call(this.#client.report.bind(this.#client), request, patient);
  }

  /** Nothing was done and nothing will be: said to the user, if the core can be reached. */
  async giveUp(detail: string): Promise<void> {
    await this.report(false, detail).catch((error: unknown) => {
      if (!(error instanceof CoreError)) throw error;
    });
  }
}

/** Safe text of at most 140 characters (docs/protocol/safe-text.md). */
function safeDetail(text: string): string {
  return text
    .replaceAll(/[^ -~]/g, "?")
    .replaceAll(/ +/g, " ")
    .trim()
    .slice(0, 140)
    .trim();
}
