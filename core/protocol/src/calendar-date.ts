import { ProtocolError } from "./protocol-error.ts";

const ISO_DATE = /^(\d{4})-(\d{2})-(\d{2})$/;
const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Checks an ISO 8601 calendar date that exists, years 0001 to 9999. Throws `bad-date`. */
export function checkDate(date: string, field?: string): void {
  const match = ISO_DATE.exec(date);
  if (match === null) throw new ProtocolError("bad-date", "expected YYYY-MM-DD", { field });
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  const days = month === 2 && isLeap(year) ? 29 : (DAYS[month - 1] ?? 0);
  if (year === 0 || day === 0 || day > days) throw new ProtocolError("bad-date", "no such day", { field });
}

function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}
