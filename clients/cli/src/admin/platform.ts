/** What a bot may speak. */
export const PLATFORMS: readonly string[] = ["telegram", "matrix", "mail", "sms", "sandbox"];
