import { expect, test } from "@jest/globals";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { toHex, utf8 } from "./bytes.ts";
import { fromBase64url } from "./base64url.ts";

const root = join(import.meta.dirname, "../../..");
const vectors = join(root, "core/protocol/vectors");

/** Everything in the vector files, binary members of receipts as hexadecimal too. */
const stored = readdirSync(vectors)
  .filter((name) => name.endsWith(".json"))
  .map((name) => readFileSync(join(vectors, name), "utf8"))
  .join("\n");
const opened = [...stored.matchAll(/[\w-]{80,}/g)].flatMap(([text]) =>
  /^[0-9a-f]+$/.test(text) ? [] : [openOr(text)],
);
const all = [stored, ...opened].join("\n");

function openOr(text: string): string {
  try {
    return toHex(fromBase64url(text));
  } catch {
    return toHex(utf8(text));
  }
}

test.each([
  { page: "content", worked: 2 },
  { page: "code-and-statement", worked: 8 },
  { page: "receipt", worked: 2 },
  { page: "fido2", worked: 2 },
])("the worked bytes in docs/protocol/$page.md are those of the vectors", ({ page, worked }) => {
  const text = readFileSync(join(root, `docs/protocol/${page}.md`), "utf8");
  const blocks = [...text.matchAll(/```\n([\s\S]*?)```/g)].map(([, block = ""]) => block);
  const runs = blocks
    .flatMap((block) => block.replaceAll(/^\w+ *=? +(?=[0-9a-f]{32})/gm, "\n\n").split("\n\n")) // name = hexadecimal
    .map((block) => block.replaceAll(/ {3,}[(a-zA-Z"].*$/gm, "").replaceAll(/\s/g, "")) // remarks on the right
    .filter((run) => /^[0-9a-f]{32,}$/.test(run));
  expect(runs.filter((run) => !all.includes(run))).toEqual([]);
  expect(runs).toHaveLength(worked);
});

test("tags, codes, fingerprints and numbers in the pages are those of the vectors", () => {
  const pages = ["code-and-statement", "receipt"].map((page) =>
    readFileSync(join(root, `docs/protocol/${page}.md`), "utf8"),
  );
  for (const value of ["PUTT WORTHY", "974636", "C4F2 8AE4 0198 CB23", "2F1A-0DE0"]) {
    expect(pages.join()).toContain(value);
    expect(stored).toContain(`"${value}"`);
  }
});
