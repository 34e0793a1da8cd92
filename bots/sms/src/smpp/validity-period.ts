/** How the end of a message is told to an SMSC: by its moment, or by how long it is still good. */
export type ValidityForm = "absolute" | "relative";

const LONGEST_S = 30 * 86_400;

/**
 * validity_period of SMPP 3.4, section 7.1.1, never later than `notAfter`; undefined when not even a second is left.
 * Absolute: `YYMMDDhhmmsst00+`, UTC, tenths cut off: a wait on the way does not move it, a wrong clock of the SMSC does.
 * Relative: `0000DDhhmmss000R`, seconds cut off: counted from when the SMSC reads it.
 */
export function validityPeriod(notAfter: Date, now: Date, form: ValidityForm): string | undefined {
  const left = Math.floor((notAfter.getTime() - now.getTime()) / 1000);
  if (left < 1) return undefined;
  if (form === "absolute") {
    const [, year, ...rest] = /^\d\d(\d\d)-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)\.(\d)/.exec(notAfter.toISOString()) ?? [];
    return `${year}${rest.join("")}00+`;
  }
  const seconds = Math.min(left, LONGEST_S);
  const fields = [seconds / 86_400, (seconds / 3600) % 24, (seconds / 60) % 60, seconds % 60];
  return `0000${fields.map((field) => String(Math.floor(field)).padStart(2, "0")).join("")}000R`;
}
