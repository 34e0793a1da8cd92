/** A setting is missing or wrong. The message names the setting, its variable and its meaning. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}
