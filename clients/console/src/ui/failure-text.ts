import { findWords, t } from "@countersign/pages";
import type { CoreFailure } from "../connection/core-failure.ts";

/** What happened, in the user's language; a reason without words of its own is told in the core's. */
export function failureText({ reason, message }: CoreFailure): string {
  return findWords(`reason-${reason}`) ?? (message === "" ? t("reason-unknown") : message);
}

/** What to do about it. */
export function nextStep({ reason, retryAfterMs }: CoreFailure): string {
  if (retryAfterMs !== undefined) return t("next-wait", { seconds: Math.ceil(retryAfterMs / 1000) });
  return findWords(`next-${reason}`) ?? t("next-unknown");
}
