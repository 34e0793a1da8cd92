import { timeText, type Row } from "@countersign/bot-kit";
import { strong, value, type Answer } from "../command/asking.ts";
import type { Book } from "../wording/book.ts";
import type { Alert, AlertKind } from "./alert.ts";

/** What the alert's ids are called, as far as the core told it. */
export interface Called {
  readonly tag: string;
  readonly tenant: string;
}

const LOOK: Readonly<Partial<Record<AlertKind, string>>> = {
  "channel-down": "/channels",
  "channel-back": "/channels",
  "core-away": "/status",
  "core-back": "/status",
  "veto-alarm": "/channels",
  acts: "/audit",
  integrity: "/audit",
  "tail-lost": "/audit",
};

const TX_ID = /^[0-9a-f]{32}$/;

/** Whether it is about a transaction, whose tag people know it by. */
export function isAboutTransaction({ newest: { kind, about } }: Alert): boolean {
  return TX_ID.test(about) && kind !== "veto-alarm" && kind !== "sealed";
}

/**
 * An alert in words. It names tag, tenant, bot and administrator, and never a user, an amount or a payee: it comes unasked,
 * on whatever screen the chat is open.
 */
export function alertBlocks(alert: Alert, called: Called, again: boolean, book: Book, zone: string): Answer {
  const { kind, count, from, until, newest } = alert;
  const about = isAboutTransaction(alert) && called.tag !== "" ? called.tag : newest.about;
  const time = (at: number): Row[number] => strong(timeText(new Date(at), zone, true));
  const command = isAboutTransaction(alert) ? `/tx ${newest.about}` : LOOK[kind];
  const rows: Row[] = [[strong(book.text(`alert-${kind}`, { count }))]];
  if (about !== "") rows.push(count === 1 ? [value(about)] : book.row("alert-newest", { about: value(about) }));
  if (called.tenant !== "") rows.push(book.row("alert-tenant", { tenant: value(called.tenant) }));
  rows.push(count === 1 ? [time(until)] : book.row("alert-between", { from: time(from), until: time(until) }));
  if (command !== undefined) rows.push(book.row("alert-look", { command: value(command) }));
  return [rows, again ? [book.row("alert-again")] : []];
}
