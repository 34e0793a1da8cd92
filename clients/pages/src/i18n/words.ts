import { type ReadonlySignal, signal } from "@preact/signals";
import { chooseLocale, directionOf, type Locale } from "./locale.ts";
import { type Args, Messages } from "./messages.ts";

const PLACE = "countersign.language";

/** Loads the files of messages in a language; pages bring their own and those of this package. */
export type LoadSources = (locale: Locale) => Promise<{ readonly sources: Readonly<Record<string, string>> }>;

const spoken = signal<Locale>("en");
const messages = signal(new Messages("en", []));
let load: LoadSources | undefined;

/** The language of the pages. */
export const locale: ReadonlySignal<Locale> = spoken;

/** A message in the language of the pages. Read while a component renders, it renders anew when the language changes. */
export function t(id: string, args?: Args): string {
  return messages.value.say(id, args);
}

/** The same, or undefined where there is none. */
export function findWords(id: string, args?: Args): string | undefined {
  return messages.value.find(id, args);
}

/** Speaks the language that was chosen in this browser, else the browser's. Called once, before anything is shown. */
export async function speakChosen(sources: LoadSources): Promise<void> {
  load = sources;
  await speak(chooseLocale(localStorage.getItem(PLACE), navigator.languages));
}

/** Speaks another language, here and in tabs that come. */
export async function choose(wanted: Locale): Promise<void> {
  localStorage.setItem(PLACE, wanted);
  await speak(wanted);
}

async function speak(wanted: Locale): Promise<void> {
  if (load === undefined) throw new Error("speakChosen says where words are, and comes first");
  const { sources } = await load(wanted);
  messages.value = new Messages(wanted, Object.values(sources));
  spoken.value = wanted;
  document.documentElement.lang = wanted;
  document.documentElement.dir = directionOf(wanted);
}
