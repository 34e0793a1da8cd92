import { readFileSync } from "node:fs";
import * as v from "valibot";
import { ConfigError } from "./config-error.ts";
import {
  flagOf,
  refusal,
  SETTINGS,
  variableOf,
  type Setting,
  type SettingName,
  type SettingValues,
} from "./settings.ts";

export interface Sources {
  /** By flag name, as util.parseArgs returns them. */
  readonly flags: Readonly<Record<string, unknown>>;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export function readSetting<N extends SettingName>(
  name: N,
  { flags, env }: Sources,
  file: Readonly<Record<string, unknown>>,
): SettingValues[N] | undefined {
  const setting: Setting<SettingValues[N]> = SETTINGS[name];
  const given = flags[flagOf(name)] ?? env[variableOf(name)] ?? file[name] ?? standard(name, env) ?? setting.fallback;
  if (given === undefined) return undefined;
  const result = v.safeParse(setting.schema, given);
  if (!result.success) throw refusal(name, result.issues[0].message);
  return result.output;
}

export function readFile({ flags, env }: Sources): Readonly<Record<string, unknown>> {
  const name = flags["config"] ?? env["COUNTERSIGN_CONFIG"];
  if (name === undefined) return {};
  if (typeof name !== "string")
    throw new ConfigError("--config (COUNTERSIGN_CONFIG: JSON file of settings): must be a path");
  const file = name;
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new ConfigError(`--config (COUNTERSIGN_CONFIG: JSON file of settings): ${file}: ${(error as Error).message}`);
  }
  const members = v.safeParse(v.record(v.string(), v.unknown()), json);
  if (!members.success || Array.isArray(json)) throw new ConfigError(`${file}: must be a JSON object of settings`);
  const unknown = Object.keys(members.output).filter((member) => !Object.hasOwn(SETTINGS, member));
  if (unknown.length > 0) {
    throw new ConfigError(
      `${file}: ${unknown.join(", ")} is no setting; there are ${Object.keys(SETTINGS).join(", ")}`,
    );
  }
  return members.output;
}

/** Variables that collectors' users know already. */
const STANDARD: { readonly [N in SettingName]?: string } = { otlpEndpoint: "OTEL_EXPORTER_OTLP_ENDPOINT" };

function standard(name: SettingName, env: Sources["env"]): string | undefined {
  const variable = STANDARD[name];
  const value = variable === undefined ? undefined : env[variable];
  // As OpenTelemetry reads its own: empty is unset.
  return value === "" ? undefined : value;
}

export function required<T>(name: SettingName, value: T | undefined): T {
  if (value !== undefined) return value;
  throw refusal(name, "is required");
}
