import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { bearer, messages, resumedByCursor } from "@countersign/sdk";
import {
  AuditServiceExportRequest,
  type AuditServiceExportResponse,
} from "@countersign/proto/node/admin/v1/audit_service";
import type { AdminGiven } from "../admin/admin-connection.ts";
import { tenantId } from "../admin/find.ts";
import { momentArgument } from "../admin/moment-argument.ts";
import { environment, refused } from "../cli-error.ts";
import { ExitCode } from "../exit-code.ts";
import { printable } from "../output/printable.ts";

export interface AuditExportOptions {
  readonly out?: string;
  /** A moment, or the number of a head. */
  readonly since?: string;
  readonly tenant?: string;
}

/**
 * `countersign audit export`: all entries as lines that `audit verify` checks. Goes on where it was when the connection
 * breaks; the file appears whole, under its name, or not at all.
 */
export async function auditExportCommand(on: AdminGiven, options: AuditExportOptions): Promise<ExitCode> {
  const bytes = await exportAudit(on, options);
  const { terminal } = on.given;
  terminal.record({ file: options.out ?? null, bytes });
  if (options.out === undefined) return ExitCode.DONE;
  terminal.result(printable(`  ${terminal.sign("done")} ${options.out}: ${bytes} bytes`));
  terminal.progress(printable(`check it: countersign audit verify ${options.out} --head FILE`));
  return ExitCode.DONE;
}

/** Writes the export, and tells nobody; how many bytes it has. */
export async function exportAudit(on: AdminGiven, options: AuditExportOptions): Promise<number> {
  const request = await requestOf(on, options);
  const out = sinkOf(on, options.out);
  const stop = new AbortController();
  const release = on.given.terminal.io.onInterrupt(() => stop.abort());
  let isWhole = false;
  try {
    for await (const { lines, cursor } of resumedByCursor((at) => open(on, request, at, stop.signal), stop.signal)) {
      out.write(lines);
      isWhole = cursor === "";
      if (isWhole) break;
    }
    if (!isWhole) throw environment("the export was cut off; run it again");
    out.keep();
  } finally {
    release();
    out.close();
  }
  return out.bytes;
}

function open(
  on: AdminGiven,
  request: AuditServiceExportRequest,
  cursor: string,
  signal: AbortSignal,
): AsyncIterable<AuditServiceExportResponse> {
  return messages(on.audit.export({ ...request, cursor }, bearer(on.core.token)), signal);
}

async function requestOf(on: AdminGiven, { since, tenant }: AuditExportOptions): Promise<AuditServiceExportRequest> {
  const number = since !== undefined && /^[1-9]\d{0,14}$/.test(since) ? BigInt(since) : 0n;
  return AuditServiceExportRequest.create({
    tenantId: await tenantId(on, tenant),
    sinceNumber: number,
    since: number === 0n ? momentArgument("--since", since) : undefined,
  });
}

interface Out {
  readonly bytes: number;
  write(lines: Uint8Array): void;
  /** All of it is there. */
  keep(): void;
  close(): void;
}

function sinkOf(on: AdminGiven, path: string | undefined): Out {
  return path === undefined ? new StandardOut(on) : new FileOut(path);
}

class StandardOut implements Out {
  bytes = 0;
  readonly #on: AdminGiven;
  constructor(on: AdminGiven) {
    if (on.given.terminal.style.json) throw refused("--json: name a file with --out; the export is JSON lines itself");
    this.#on = on;
  }
  write(lines: Uint8Array): void {
    this.bytes += lines.length;
    this.#on.given.terminal.io.stdout.write(Buffer.from(lines).toString("utf8"));
  }
  keep(): void {}
  close(): void {}
}

/** Under another name until it is whole, and on the disk. */
class FileOut implements Out {
  bytes = 0;
  readonly #path: string;
  readonly #part: string;
  readonly #file: number;
  #isKept = false;

  constructor(path: string) {
    this.#path = path;
    this.#part = `${path}.part`;
    try {
      this.#file = openSync(this.#part, "w", 0o600);
    } catch (error) {
      throw refused(`--out ${path}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  write(lines: Uint8Array): void {
    // A disk that fills takes a part, and says so at the next try.
    for (let at = 0; at < lines.length;) at += writeSync(this.#file, lines, at);
    this.bytes += lines.length;
  }

  keep(): void {
    fsyncSync(this.#file);
    this.#isKept = true;
  }

  close(): void {
    closeSync(this.#file);
    if (this.#isKept) renameSync(this.#part, this.#path);
    else rmSync(this.#part, { force: true });
  }
}
