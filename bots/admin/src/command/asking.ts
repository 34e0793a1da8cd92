import type { Row, Run } from "@countersign/bot-kit";
import type { Tenant } from "@countersign/proto/node/admin/v1/admin_service";
import type { AuditEvent } from "@countersign/proto/node/admin/v1/audit_service";
import type { Administrator } from "../config.ts";
import type { Core } from "../core/core-port.ts";
import type { Book } from "../wording/book.ts";

/** What the bot itself knows, for /status and /audit. */
export interface Watching {
  /** Since when it hears the audit; undefined: it does not. */
  readonly listeningSince: Date | undefined;
  readonly altered: boolean;
  /** Alerts that are not sent yet. */
  readonly waiting: number;
  /** Entries of the audit whose hashes it keeps. */
  readonly kept: number;
  /** What administrators did lately, newest last. */
  readonly acts: readonly AuditEvent[];
}

/** One order of one administrator. */
export interface Asking {
  readonly core: Core;
  readonly book: Book;
  readonly zone: string;
  readonly who: Administrator;
  /** He, for the audit: `telegram:4242`. */
  readonly onBehalf: string;
  readonly watching: () => Watching;
}

/** Blocks of an answer. */
export type Answer = readonly (readonly Row[])[];

export function value(text: string): Run {
  return { style: "value", text };
}

export function strong(text: string): Run {
  return { style: "strong", text };
}

/** `a · b · c`, the first one as it stands in the system. */
export function listed(first: string, ...others: readonly string[]): Row {
  const more = others.filter((text) => text !== "").map((text): Run => ({ style: "plain", text: ` · ${text}` }));
  return [value(first), ...more];
}

/** Name of a number of a generated enumeration. */
export function enumName(of: Readonly<Record<string, string | number>>, number: number): string {
  return Object.keys(of).find((name) => of[name] === number) ?? String(number);
}

/** Those that are meant by a name, an issuer or an id; "": all. */
export function tenantsCalled(tenants: readonly Tenant[], called: string): readonly Tenant[] {
  const wanted = called.toLowerCase();
  return tenants.filter(
    ({ tenantId, name, issuer }) =>
      wanted === "" || tenantId === wanted || name.toLowerCase() === wanted || issuer.toLowerCase() === wanted,
  );
}

/** At most so many rows, and how many are left out. */
export function atMost(book: Book, most: number, rows: readonly Row[]): readonly Row[] {
  if (rows.length <= most) return rows;
  return [...rows.slice(0, most), book.row("more", {}, { count: rows.length - most })];
}
