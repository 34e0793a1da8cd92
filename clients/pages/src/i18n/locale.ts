/** Languages of the pages; en-XA is English with every letter changed, to find what is not translated or too long. */
export const LOCALES = ["en", "de", "zh", "ar", "en-XA"] as const;
export type Locale = (typeof LOCALES)[number];

/** What each is called in itself. */
export const LOCALE_NAMES: Readonly<Record<Locale, string>> = {
  en: "English",
  de: "Deutsch",
  zh: "中文",
  ar: "العربية",
  "en-XA": "[Ƥşḗŭḓǿ]",
};

/** Languages that are written from right to left. */
const RIGHT_TO_LEFT: readonly Locale[] = ["ar"];

export function directionOf(locale: Locale): "ltr" | "rtl" {
  return RIGHT_TO_LEFT.includes(locale) ? "rtl" : "ltr";
}

/** The one that was chosen, else the first that the browser's list has, else English. */
export function chooseLocale(chosen: string | null, browsers: readonly string[]): Locale {
  const known = LOCALES.find((each) => each === chosen);
  if (known !== undefined) return known;
  for (const tag of browsers) {
    const found = LOCALES.find((each) => each === tag.split("-")[0]);
    if (found !== undefined) return found;
  }
  return "en";
}
