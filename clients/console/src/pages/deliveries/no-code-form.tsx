import { t } from "@countersign/pages";
import type { JSX } from "preact";
import { go } from "../../shell/router.ts";

/** "A user says that no code came": his name, and on to the reason. */
export function NoCodeForm(): JSX.Element {
  return (
    <form class="no-code" aria-labelledby="no-code" onSubmit={ask}>
      <h2 id="no-code">{t("deliveries-ask-title")}</h2>
      <label>
        {t("deliveries-ask-user")}
        <input name="user" type="text" required dir="auto" autoComplete="off" spellcheck={false} maxLength={64} />
      </label>
      <button type="submit">{t("deliveries-ask")}</button>
    </form>
  );
}

function ask(event: SubmitEvent): void {
  event.preventDefault();
  const entry = new FormData(event.currentTarget as HTMLFormElement).get("user");
  const user = typeof entry === "string" ? entry.trim() : "";
  if (user !== "") go({ page: "deliveries", rest: "why", query: { user } });
}
