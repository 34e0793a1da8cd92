import { CodeForm, t } from "@countersign/pages";
import { KeyError } from "@countersign/sdk/browser";
import type { JSX } from "preact";
import { useId } from "preact/hooks";
import { browserWords } from "./key-words.ts";
import type { Taking } from "./taking.ts";

/** A security key in the browser: the code is typed here, and the phone is the only trusted view. The page says so. */
export function BySecurityKey({ taking }: { taking: Taking }): JSX.Element {
  const heading = useId();
  const { value: asked } = taking.key.asked;
  const isMine = asked?.way === "browser";
  return (
    <section class="way" aria-labelledby={heading}>
      <h3 id={heading}>{t("key-fido-title")}</h3>
      <CodeForm busy={isMine && asked.busy} onCode={(code) => taking.key.choose({ way: "browser", code })} />
      <p role="status">{isMine && (asked.error === undefined ? taking.told.value : wordsOf(asked.error))}</p>
    </section>
  );
}

function wordsOf(error: unknown): string {
  if (error instanceof KeyError) return browserWords(error);
  return t("key-browser-other", { name: error instanceof Error ? error.name : "" });
}
