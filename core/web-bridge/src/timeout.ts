const UNIT_MS: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 };

/** Milliseconds of a `grpc-timeout`: up to eight digits and a unit. Undefined where it is none. */
export function readTimeout(value: string): number | undefined {
  const [, digits, unit] = /^([0-9]{1,8})([HMSmun])$/.exec(value) ?? [];
  const factor = UNIT_MS[unit ?? ""];
  return digits === undefined || factor === undefined ? undefined : Number(digits) * factor;
}
