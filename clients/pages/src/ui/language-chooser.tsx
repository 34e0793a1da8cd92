import type { JSX } from "preact";
import { LOCALE_NAMES, type Locale, LOCALES } from "../i18n/locale.ts";
import { choose, locale, t } from "../i18n/words.ts";

/** Another language; each is called as it calls itself. */
export function LanguageChooser(): JSX.Element {
  return (
    <label class="choice">
      {t("language")}
      <select value={locale.value} onChange={({ currentTarget }) => void choose(currentTarget.value as Locale)}>
        {LOCALES.map((each) => (
          <option key={each} value={each} lang={each === "en-XA" ? undefined : each} selected={each === locale.value}>
            {LOCALE_NAMES[each]}
          </option>
        ))}
      </select>
    </label>
  );
}
