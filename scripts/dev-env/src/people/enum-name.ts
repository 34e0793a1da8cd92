/** The name of a number of a protocol's enumeration. */
export function enumName(of: Readonly<Record<string, string | number>>, value: number): string {
  return Object.entries(of).find(([, one]) => one === value)?.[0] ?? String(value);
}
