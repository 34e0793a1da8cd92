import { refused } from "../cli-error.ts";

type Values = Readonly<Record<string, number>>;

/** `OWNER` for 1; a number that this program does not know stays a number. */
export function enumName(values: Values, value: number): string {
  return Object.entries(values).find(([, each]) => each === value)?.[0] ?? String(value);
}

/** Names that people may give, in lower case. */
export function enumChoices(values: Values): string[] {
  return Object.entries(values).flatMap(([name, value]) =>
    value > 0 ? [name.toLowerCase().replaceAll("_", "-")] : [],
  );
}

/** The value of a name in any case; undefined stays 0. Throws a CliError that names option and choices. */
export function enumArgument<T extends Values>(values: T, option: string, name: string | undefined): T[keyof T] {
  if (name === undefined) return 0 as T[keyof T];
  const wanted = name.toUpperCase().replaceAll("-", "_");
  const found = Object.entries(values).find(([each, value]) => each === wanted && value > 0);
  if (found === undefined) throw refused(`${option} ${name}: expected one of ${enumChoices(values).join(", ")}`);
  return found[1] as T[keyof T];
}

/** As enumArgument, of an option that may be given several times. */
export function enumArguments<T extends Values>(
  values: T,
  option: string,
  names: readonly string[] | undefined,
): T[keyof T][] {
  return (names ?? []).flatMap((name) => name.split(",")).map((name) => enumArgument(values, option, name));
}
