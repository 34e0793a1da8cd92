// For tests: histories, heads over them, and their exports, made of the pieces that a core makes them of.
import { toHex, utf8 } from "../bytes.ts";
import { SERVER_ID, vectorKey, type VectorKey } from "../vector/fixture.ts";
import { sha256 } from "#platform";
import { AUDIT_GENESIS, encodeAuditEntry, hashAuditEntry } from "./audit-entry.ts";
import { openAuditHead, signAuditHead, type OpenedHead, type PinnedSealer } from "./audit-head.ts";
import { endLine, entryLine, headerLine, opaqueLine, partLine, type Place } from "./export-line.ts";

/** One entry with its place in the hashes. */
export interface Link extends Place {
  readonly text: string;
  readonly hash: Uint8Array;
  readonly tenant: string;
}

/** Chains by shard. */
export type History = ReadonlyMap<number, readonly Link[]>;

export const TENANT = "0123456789abcdef0123456789abcdef";
export const OTHER_TENANT = "fedcba9876543210fedcba9876543210";

const core = vectorKey(4);
export const PINNED: PinnedSealer = { serverId: toHex(SERVER_ID), publicKeys: [core.publicKey] };

/** Entries by shard: `{ 7: 3 }` is a chain of three. Every third one is another tenant's. `salt`: another history. */
export function historyOf(counts: Readonly<Record<number, number>>, salt: string = ""): History {
  return new Map(
    Object.entries(counts).map(([shard, count]) => [Number(shard), grown([], Number(shard), count, salt)]),
  );
}

/** The same, gone on from its first entries: `keep` of each shard, then others. */
export function forkOf(
  history: History,
  keep: number,
  counts: Readonly<Record<number, number>>,
  salt: string,
): History {
  return new Map(
    [...history].map(([shard, links]) => [
      shard,
      grown(links.slice(0, keep), shard, counts[shard] ?? links.length, salt),
    ]),
  );
}

function grown(links: readonly Link[], shard: number, count: number, salt: string): Link[] {
  const chain = [...links];
  while (chain.length < count) chain.push(nextOf(chain, shard, salt));
  return chain;
}

/** An entry that follows a chain. */
export function nextOf(chain: readonly Link[], shard: number, salt: string): Link {
  const seq = chain.length + 1;
  const tenant = seq % 3 === 0 ? OTHER_TENANT : TENANT;
  const event = {
    actor: "core",
    detail: { note: `“${salt}” \n` },
    event: "user.created",
    subject: `user:${seq}`,
    tenant,
  };
  const text = encodeAuditEntry({
    ...{ at: 1_795_371_371_278 + seq, changeId: "00".repeat(16), epoch: 1, seq, shard },
    ...{ events: [event], versions: [["user", tenant, String(seq), String(seq)]] },
  });
  return { shard, seq, text, tenant, hash: hashAuditEntry(chain.at(-1)?.hash ?? AUDIT_GENESIS, text) };
}

/** The line of a head over all that a history has. */
export function headOf(
  history: History,
  number: number = 1,
  before?: string,
  sign: VectorKey["sign"] = core.sign,
): string {
  const begun = [...history].filter(([, links]) => links.length > 0);
  const heads = new Map(
    begun.map(([shard, links]) => [shard, { epoch: 1, seq: links.length, hash: links.at(-1)!.hash }]),
  );
  const previous = before === undefined ? AUDIT_GENESIS : opened(before).hash;
  return signAuditHead({ at: 1_795_371_400_000 + number, number, previous, heads }, PINNED.serverId, sign);
}

export function opened(line: string): OpenedHead {
  const head = openAuditHead(line, PINNED);
  if (typeof head === "string") throw new Error(head);
  return head;
}

export interface ExportOptions {
  /** undefined: made here. */
  readonly head?: string;
  readonly base?: string;
  /** undefined: all. */
  readonly tenant?: string;
  /** Lines of a part. */
  readonly partLines?: number;
}

/** The lines of an export as a core makes them. */
export function exportOf(
  history: History,
  { head = headOf(history), base, tenant = "", partLines = 3 }: ExportOptions = {},
): string[] {
  const from = base === undefined ? undefined : opened(base).heads;
  const to = opened(head);
  const links = [...to.heads].flatMap(([shard, { seq }]) =>
    (history.get(shard) ?? []).filter((link) => link.seq > (from?.get(shard)?.seq ?? 0) && link.seq <= seq),
  );
  const { serverId } = PINNED;
  const lines = [
    headerLine({ base: base !== undefined, serverId, tenant }),
    head,
    ...(base === undefined ? [] : [base]),
  ];
  const isShown = (link: Link): boolean => tenant === "" || link.tenant === tenant;
  const entryLines = links.map((link) =>
    isShown(link) ? entryLine(link.hash, link.text) : opaqueLine(link, link.hash),
  );
  const parts = tenant === "" ? 0 : Math.ceil(links.length / partLines);
  if (parts === 0) lines.push(...entryLines);
  for (let i = 0; i < parts * partLines; i += partLines) {
    const run = entryLines.slice(i, i + partLines);
    const [first, last] = [links[i]!, links[i + run.length - 1]!];
    const digest = sha256(utf8(run.map((line) => `${line}\n`).join("")));
    lines.push(...run, partLine({ digest, first, last, root: to.root, serverId, tenant }, core.sign));
  }
  const entries = links.filter(isShown).length;
  lines.push(endLine({ entries, opaque: links.length - entries, root: to.root }));
  return lines;
}
