import { encodeContent, Kind, Label, ProtocolError, renderFields, type Field, type Line } from "@countersign/protocol";
import type { OpenTransaction } from "./transaction-view.ts";

/** What the user meant (tx1): the client's own fields, never the core's lines. */
export interface Meant {
  readonly kind: Kind;
  readonly fields: readonly Field[];
  /** SHA-256 of what will run or be booked, 32 bytes. */
  readonly payload?: Uint8Array | undefined;
  /** 32 hexadecimal digits of the transaction that this one repeats. */
  readonly repeatOf?: string | undefined;
}

/** How the core's lines differ from the client's. */
export interface Difference {
  /** What the core holds there, or undefined. */
  readonly core: string | undefined;
  /** What the user meant, or undefined. */
  readonly meant: string | undefined;
  /** Place, e.g. `lines[1]`, `kind`, `server`. */
  readonly at: string;
}

/** Own lines in the order of the core: fields, then the digest of the payload. Throws ProtocolError. */
export function ownLines(meant: Meant): Line[] {
  const { payload } = meant;
  const digest: Field[] =
    payload === undefined ? [] : [{ label: Label.DIGEST, value: { type: "digest", digest: payload } }];
  return renderFields(meant.kind, [...meant.fields, ...digest]);
}

/** `of AMBER TIGER, 2026-11-30 14:31 UTC`: tag and time of the first transaction, which this client need not know. */
const REPEAT_LINE = /^of [A-Z]+ [A-Z]+, \d{4}-\d{2}-\d{2} \d{2}:\d{2} UTC$/;

/** Own lines with the core's last one, where a repeat was asked for and that line tells of it and of nothing else. */
export function withRepeatLine(own: readonly Line[], repeatOf: string | undefined, core: readonly Line[]): Line[] {
  const last = core.at(-1);
  const tells = last?.label === Label.REPEAT && REPEAT_LINE.test(last.value) && core.length === own.length + 1;
  return repeatOf !== undefined && tells ? [...own, last] : [...own];
}

/**
 * Compares what the core froze with what was meant, line by line, before any key is asked. `pinnedServerId` is the core
 * installation of the set-up.
 */
export function findDifference(
  own: readonly Line[],
  kind: Kind,
  transaction: OpenTransaction,
  pinnedServerId: string,
): Difference | undefined {
  if (transaction.serverId !== pinnedServerId) {
    return { at: "server", core: transaction.serverId, meant: pinnedServerId };
  }
  if (transaction.kind !== kind) return { at: "kind", core: String(transaction.kind), meant: String(kind) };
  for (let at = 0; at < Math.max(own.length, transaction.lines.length); at += 1) {
    const [core, meant] = [transaction.lines[at], own[at]];
    if (core?.label !== meant?.label || core?.value !== meant?.value) {
      return { at: `lines[${at}]`, core: core?.value, meant: meant?.value };
    }
  }
  return undefined;
}

/** Canonical bytes of the client's own lines: what goes to the key as tx2. Throws ProtocolError. */
export function ownContent(own: readonly Line[], transaction: OpenTransaction): Uint8Array {
  const { contentVersion: version, issuer, kind } = transaction;
  if (version !== 1)
    throw new ProtocolError("bad-version", `the core renders version ${version}, this client version 1`);
  return encodeContent({ version, issuer, kind, lines: own });
}
