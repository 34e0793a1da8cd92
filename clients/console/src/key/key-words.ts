import { t } from "@countersign/pages";
import { KeyError, type KeyStep } from "@countersign/sdk/browser";

/** What a key of this PC waits for. */
export function stepWords(step: KeyStep): string {
  return t(`key-step-${step}`);
}

/** Why the browser gave nothing of a key. It does not tell a user's no from a key that nobody touched. */
export function browserWords(error: KeyError): string {
  switch (error.status) {
    case "USER_DENIED":
      return t("key-browser-no");
    case "NOT_ALLOWED":
      return t("key-browser-domain");
    default:
      return t("key-browser-other", { name: error.message });
  }
}
