import { t } from "@countersign/pages";
import type { ClientClass } from "@countersign/protocol";
import { Step } from "@countersign/proto/web/device/v1/device_service";
import { CoreFailure } from "../connection/core-failure.ts";
import { failureText, nextStep } from "../ui/failure-text.ts";

/** What the core said to a page that handed something in. */
export function classWords(refused: ClientClass): string {
  return t(`key-class-${refused}`);
}

/** What the key waits for. */
export function stepWords(step: Step): string {
  return t(`key-step-${step}`);
}

/** Why the browser gave no assertion. It does not tell a user's no from a key that nobody touched. */
export function browserWords(error: unknown): string {
  if (error instanceof CoreFailure) return `${failureText(error)} ${nextStep(error)}`;
  const name = error instanceof Error ? error.name : "";
  if (name === "NotAllowedError" || name === "AbortError") return t("key-browser-no");
  if (name === "SecurityError") return t("key-browser-domain");
  return t("key-browser-other", { name });
}
