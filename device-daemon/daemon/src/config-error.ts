/** A setting that cannot be used; the message names it and says what it means. */
export class ConfigError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "ConfigError";
  }
}
