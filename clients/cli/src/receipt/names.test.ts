import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { ROOT } from "@countersign/testing";
import { NAMES } from "./names.ts";
import { LANGUAGES } from "./receipt-words.ts";

const chat = (language: string): string => read(`bots/kit/src/wording/${language}.ts`);
const pages = (language: string): string => read(`clients/pages/src/i18n/registry.${language}.ftl`);

test.each(LANGUAGES)("a receipt in %s names lines and kinds as chat and pages do", (language) => {
  const printed = Object.entries(NAMES[language]).flatMap(([what, names]) =>
    Object.entries(names).map(([number, name]) => [`${what}-${number}`, name] as const),
  );
  expect(printed.length).toBeGreaterThan(30);
  for (const [id, name] of printed) {
    expect(chat(language)).toContain(`"${id}": "${name}",\n`);
    expect(pages(language)).toContain(`\n${id} = ${name}\n`);
  }
});

function read(file: string): string {
  return `\n${readFileSync(join(ROOT, file), "utf8")}`;
}
