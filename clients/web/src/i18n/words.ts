import type { LoadSources, Locale } from "@countersign/pages";

const LOAD: Readonly<Record<Locale, () => ReturnType<LoadSources>>> = {
  en: () => import("./sources-en.ts"),
  de: () => import("./sources-de.ts"),
  zh: () => import("./sources-zh.ts"),
  ar: () => import("./sources-ar.ts"),
  "en-XA": () => import("./sources-en.ts"),
};

/** The words of the web client, and those that all pages share. */
export const loadWords: LoadSources = (locale) => LOAD[locale]();
