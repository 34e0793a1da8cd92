/** Platforms that bots are of. */
export const PLATFORMS = ["telegram", "matrix", "mail", "sms", "sandbox"] as const;
