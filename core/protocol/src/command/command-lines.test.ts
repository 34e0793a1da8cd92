import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { toHex } from "../bytes.ts";
import { encodeContent } from "../content.ts";
import { Kind } from "../kind.ts";
import { checkSafeText } from "../safe-text.ts";
import { unlessRefused } from "../vector/suite.ts";
import { commandLines, type CommandRun, digestOfCommand, parseCommandLines } from "./command-lines.ts";
import { readText, showText } from "./shown-text.ts";

// What people and malware put into arguments: any text, and much of what the notation itself is made of.
const tricky = fc
  .array(fc.constantFrom(" ", '"', "\\", "\n", "n", "u", "{", "}", "20", "=", "#", "!", "ü", "\u202e", "a", "/"), {
    maxLength: 8,
  })
  .map((parts) => parts.join(""));
const anyText = fc
  .oneof(tricky, fc.string({ maxLength: 12 }), fc.string({ unit: "binary", maxLength: 6 }))
  .filter((text) => text.isWellFormed() && !text.includes("\0") && !text.includes("\u{FFFD}"));
const path = fc
  .array(
    anyText.filter((part) => part !== "" && part !== "." && part !== ".." && !part.includes("/")),
    { minLength: 1, maxLength: 3 },
  )
  .map((parts) => `/${parts.join("/")}`);
const digest = fc.uint8Array({ minLength: 32, maxLength: 32 });
const program = fc.record({ path, sha256: digest });
const interpreter = fc.oneof(
  program,
  fc.record({ path, sha256: digest, argument: anyText.filter((text) => text !== "") }),
);
const variables = fc
  .uniqueArray(fc.tuple(fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,5}$/), anyText), {
    maxLength: 3,
    selector: ([name]) => name,
  })
  .map((pairs) => pairs.map(([name, value]) => [name, value] as const));
const command: fc.Arbitrary<CommandRun> = fc.record({
  ...{ host: anyText, user: anyText, command: program, arguments: fc.array(anyText, { maxLength: 5 }) },
  ...{ directory: path, environment: variables, interpreters: fc.array(interpreter, { maxLength: 2 }) },
  ...{ base: variables, once: fc.uint8Array({ minLength: 16, maxLength: 16 }) },
});
const rendered = command.map((run) => ({ run, lines: unlessRefused(() => commandLines(run)) })); // refused: too long

describe("a text as it is shown", () => {
  test("is safe printable ASCII and comes back", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const shown = showText(text, "argument");
        checkSafeText(shown, { ascii: true });
        expect(readText(shown, "argument")).toBe(text);
      }),
      { numRuns: 3000 },
    );
  });

  test("has one form: what is read is what would be written", () => {
    const ascii = fc.stringMatching(/^[ -~]{0,12}$/);
    fc.assert(
      fc.property(fc.oneof(ascii, tricky), (shown) => {
        const text = unlessRefused(() => readText(shown, "argument"));
        fc.pre(text !== undefined);
        expect(showText(text, "argument")).toBe(shown);
      }),
      { numRuns: 3000 },
    );
  });

  test.each([
    ["plain", "--force=1", "--force=1"],
    ["a space", "a b", "a b"],
    ["nothing", "", '""'],
    ["a newline", "a\nb", String.raw`a\nb`],
    ["a backslash", "a\\b", String.raw`a\\b`],
    ["an umlaut", "ü", String.raw`\u{fc}`],
    ["JSON", '{"a": 1}', '{"a": 1}'],
  ])("%s", (_name, text, shown) => {
    expect(showText(text, "argument")).toBe(shown);
  });
});

describe("a command as lines", () => {
  test("comes back from them", () => {
    fc.assert(
      fc.property(rendered, ({ run, lines }) => {
        fc.pre(lines !== undefined);
        const { base: _base, once: _once, ...shown } = run;
        expect(parseCommandLines(lines)).toEqual({ ...shown, digest: digestOfCommand(run) });
      }),
      { numRuns: 1000 },
    );
  });

  test("shares them with no other: argument, variable, directory, program, or what is not shown", () => {
    fc.assert(
      fc.property(rendered, command, fc.constantFrom(...MEMBERS), ({ run, lines }, other, member) => {
        const changed = { ...run, [member]: other[member] };
        fc.pre(lines !== undefined && textOf(changed) !== textOf(run));
        const others = unlessRefused(() => commandLines(changed));
        fc.pre(others !== undefined);
        expect(others).not.toEqual(lines);
        expect(toHex(digestOfCommand(changed))).not.toBe(toHex(digestOfCommand(run)));
      }),
      { numRuns: 2000 },
    );
  });

  test("are content that a core takes and a key shows", () => {
    fc.assert(
      fc.property(rendered, ({ lines }) => {
        fc.pre(lines !== undefined);
        const content = { version: 1, issuer: "Musterbank", kind: Kind.RUN, lines };
        expect(unlessRefused(() => encodeContent(content))?.length ?? 0).toBeLessThanOrEqual(1600);
      }),
    );
  });

  test.each<[string, Partial<CommandRun>]>([
    ["argument[1]", { arguments: ["a", "\u{FFFD}"] }],
    ["argument[0]", { arguments: ["a".repeat(141)] }],
    ["environment[0]", { environment: [["A", "a".repeat(139)]] }],
    ["directory", { directory: `/${"a".repeat(140)}` }],
    ["interpreter[0]", { interpreters: [{ path: `/${"a".repeat(140)}`, sha256: new Uint8Array(32) }] }],
    ["purpose", { purpose: "a  b" }],
  ])("names what cannot be shown: %s", (field, change) => {
    const run = { ...PLAIN, ...change };
    expect(() => commandLines(run)).toThrow(expect.objectContaining({ name: "ProtocolError", field }));
  });
});

const MEMBERS = [
  "host",
  "user",
  "command",
  "arguments",
  "directory",
  "environment",
  "interpreters",
  "base",
  "once",
] as const;

const PLAIN: CommandRun = {
  ...{ host: "db1", user: "root", command: { path: "/bin/rm", sha256: new Uint8Array(32) }, arguments: [] },
  ...{ directory: "/", environment: [], interpreters: [], base: [], once: new Uint8Array(16) },
};

function textOf(run: CommandRun): string {
  return JSON.stringify(run, (_, member: unknown) => (member instanceof Uint8Array ? toHex(member) : member));
}
