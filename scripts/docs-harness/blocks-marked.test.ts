// Every block of commands is run, or says why not; and what reads blocks and compares output is right.
import { expect, test } from "@jest/globals";
import { blocksOf } from "@countersign/testing/doc-blocks";
import { blockFindings, commandBlocks } from "./command-blocks.ts";
import { looksLike, stepsOf } from "./transcript.ts";

test("every block of commands is run or marked, by page and line", () => {
  expect(blockFindings()).toEqual([]);
  expect(commandBlocks().length).toBeGreaterThan(60);
});

test("marks: above the block, for the whole page, indented, and none", () => {
  const page = [
    ...["<!-- all not run: root -->", "", "<!-- run: dev, exit 22 -->", "```sh", "one", "```"],
    ...["", "   ```sh", "   two", "     more", "   ```", "text", "```json", "{}", "```"],
    ...[
      '<!-- run: clone, until "ready" -->',
      "```console",
      "$ three",
      "```",
      "<!-- run by: a.test.ts -->",
      "```sh",
      "```",
    ],
  ].join("\n");
  expect(blocksOf("x.md", page)).toEqual([
    {
      page: "x.md",
      line: 4,
      language: "sh",
      body: "one\n",
      mark: { how: "run", fixture: "dev", exit: 22, until: undefined },
    },
    { page: "x.md", line: 8, language: "sh", body: "two\n  more\n", mark: { how: "not", reason: "root" } },
    { page: "x.md", line: 13, language: "json", body: "{}\n", mark: { how: "not", reason: "root" } },
    {
      page: "x.md",
      line: 17,
      language: "console",
      body: "$ three\n",
      mark: { how: "run", fixture: "clone", exit: 0, until: "ready" },
    },
    { page: "x.md", line: 21, language: "sh", body: "", mark: { how: "by", path: "a.test.ts" } },
  ]);
});

test.each(["run: moon", "not run: lazy", "not run: ", "run: dev, sometimes", "run: dev exit 2"])(
  "a mark that says nothing known is refused with its line: %s",
  (mark) => {
    expect(() => blocksOf("x.md", `a\n<!-- ${mark} -->\n\`\`\`sh\nls\n\`\`\``)).toThrow(
      /^x\.md:2: .* says nothing known/,
    );
  },
);

test("a block without an end is refused with its line", () => {
  expect(() => blocksOf("x.md", "a\n```sh\nls\n")).toThrow("x.md:2: the block has no end");
});

test("a transcript: commands, continued ones, their output", () => {
  expect(stepsOf("$ one \\\n    two\nout\n\n$ three\n")).toEqual([
    { command: "one \\\n    two", output: ["out", ""] },
    { command: "three", output: [] },
  ]);
  expect(() => stepsOf("out\n")).toThrow("does not begin with $");
});

test.each([
  ["a\nb\n", ["a", "b"], true],
  ["a  \nb", ["a", "b"], true],
  ["a\nb\n", ["a"], false],
  ["a\nx\ny\nb\n", ["a", "…", "b"], true],
  ["a\nb\n", ["a", "…", "b"], true],
  ["took 26 s (ok)\n", ["took … s (ok)"], true],
  ["took 26 s, no\n", ["took … s (ok)"], false],
  ["", ["…"], true],
  ["a.c\n", ["abc"], false],
])("output %j beside %j: %s", (output, shown, expected) => {
  expect(looksLike(output, shown)).toBe(expected);
});
