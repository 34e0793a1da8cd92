// For tests of pages: their files of messages, as a whole.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { FluentResource } from "@fluent/bundle";

const SHARED = join(import.meta.dirname, "..");

/** Languages that pages are written in. */
export const LANGUAGES = ["en", "de", "zh", "ar"] as const;

/** Files of messages of some pages, with those that all pages share. */
export class MessageFiles {
  readonly #own: string;

  /** `own`: top folder of the pages' sources. */
  constructor(own: string) {
    this.#own = own;
  }

  /** Ids, with the places for values that each message has. Throws when one is there twice. */
  idsOf(language: string): Map<string, string> {
    const ids = new Map<string, string>();
    for (const source of this.sourcesOf(language)) {
      for (const { id, value } of new FluentResource(source).body) {
        if (ids.has(id)) throw new Error(`${language}: ${id} is there twice`);
        const places = [...JSON.stringify(value).matchAll(/"type":"var","name":"(\w+)"/g)].map(([, name = ""]) => name);
        ids.set(id, [...new Set(places)].toSorted().join());
      }
    }
    return ids;
  }

  sourcesOf(language: string): string[] {
    return this.#paths((name) => name.endsWith(`.${language}.ftl`)).map((path) => readFileSync(path, "utf8"));
  }

  /** Lines of a language that are no message, although they begin as one: they would be left out silently. */
  unreadIn(language: string): string[] {
    return this.sourcesOf(language).flatMap((source) => {
      const read = new Set(new FluentResource(source).body.map(({ id }) => id));
      return [...source.matchAll(/^([a-zA-Z][\w-]*)/gm)].map(([, id = ""]) => id).filter((id) => !read.has(id));
    });
  }

  /** Ids that pages ask for by name, each with its file. */
  asked(): { readonly id: string; readonly path: string }[] {
    return this.#paths((name) => /\.tsx?$/.test(name) && !name.includes(".test.")).flatMap((path) =>
      [...readFileSync(path, "utf8").matchAll(/\bt\("([^"]+)"/g)].map(([, id = ""]) => ({ id, path })),
    );
  }

  #paths(wanted: (name: string) => boolean): string[] {
    return [this.#own, SHARED].flatMap((folder) =>
      readdirSync(folder, { recursive: true, encoding: "utf8" })
        .filter(wanted)
        .map((name) => join(folder, name)),
    );
  }
}
