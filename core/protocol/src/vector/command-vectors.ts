import { fromHex, toHex } from "../bytes.ts";
import { commandLines, type CommandRun, parseCommandLines, type Program } from "../command/command-lines.ts";
import { Kind } from "../kind.ts";
import { Label as L } from "../label.ts";
import { parseLines } from "../render.ts";
import type { Line } from "../field.ts";
import { counting } from "./fixture.ts";
import { type Named, type Refused, refusalOf, type Suite } from "./suite.ts";

interface ProgramNotation {
  readonly path: string;
  readonly sha256: string;
  readonly argument?: string;
}

/** CommandRun in JSON: bytes are hexadecimal. */
interface CommandNotation {
  readonly host: string;
  readonly user: string;
  readonly command: ProgramNotation;
  readonly arguments: readonly string[];
  readonly directory: string;
  readonly environment: readonly (readonly [string, string])[];
  readonly interpreters: readonly ProgramNotation[];
  readonly purpose?: string;
  readonly base: readonly (readonly [string, string])[];
  readonly once: string;
}

interface Accept extends Named {
  readonly run: CommandNotation;
  /** `label value`, one string a line. */
  readonly lines: string;
}

/** Either a command that no lines show, or lines that show no command. */
interface Reject extends Refused {
  readonly run?: CommandNotation;
  readonly lines?: string;
}

const SHA = toHex(counting(32));
const OTHER = toHex(counting(32, 0x81));
const PLAIN: CommandNotation = {
  ...{ host: "db1", user: "root", command: { path: "/usr/bin/rm", sha256: SHA }, arguments: ["-rf", "/var/x y"] },
  ...{ directory: "/root", environment: [], interpreters: [] },
  base: [
    ["PATH", "/usr/bin:/bin"],
    ["HOME", "/root"],
  ],
  once: toHex(counting(16)),
};
const withArguments = (...args: string[]): CommandNotation => ({ ...PLAIN, arguments: args });
const script = (...interpreters: ProgramNotation[]): CommandNotation => ({ ...PLAIN, interpreters });

const ACCEPT: readonly (readonly [name: string, run: CommandNotation])[] = [
  ["a command", PLAIN],
  ["no arguments", withArguments()],
  ["an empty argument", withArguments("")],
  ["two quotes are not an empty argument", withArguments('""')],
  ["a quote at the start, one at the end, one inside", withArguments('"a', 'a"', 'a"b')],
  ["spaces at the start and at the end", withArguments(" a", "a ", " ", "  ")],
  ["spaces side by side", withArguments("a  b   c")],
  ["one argument with a space, and two", withArguments("a b", "a", "b")],
  ["a newline, a tab, a carriage return", withArguments("a\nb", "\t", "\r\n")],
  ["a backslash and an n are no newline", withArguments(String.raw`a\nb`)],
  ["what looks like an escape", withArguments(String.raw`\u{20}`, String.raw`\\`)],
  ["letters beyond ASCII", withArguments("M\u00fcller", "\u65e5\u672c", "\u{1F600}")],
  ["the same letter composed and decomposed", withArguments("\u00e9", "e\u0301")],
  ["a bidi control, a zero-width space, an escape of terminals", withArguments("a\u202eb", "\u200b", "\u001b[2J")],
  ["what another label would say", withArguments("Host: db2", "sha256 00")],
  ["a command with a space and a newline", { ...PLAIN, command: { path: "/opt/my tool/x\ny", sha256: SHA } }],
  ["the top folder", { ...PLAIN, directory: "/" }],
  [
    "named variables",
    {
      ...PLAIN,
      environment: [
        ["PLACE", "eu-1"],
        ["EMPTY", ""],
        ["_x1", " =\n"],
      ],
    },
  ],
  ["a script", script({ path: "/bin/sh", sha256: OTHER })],
  ["a script with an argument for its interpreter", script({ path: "/bin/sh", sha256: OTHER, argument: "-e x" })],
  ["an interpreter with a space in its path", script({ path: "/opt/a b", sha256: OTHER, argument: "c" })],
  [
    "the interpreter of an interpreter",
    script({ path: "/opt/run", sha256: OTHER }, { path: "/bin/sh", sha256: SHA, argument: " " }),
  ],
  ["a purpose", { ...PLAIN, purpose: "Ticket 4711: M\u00fcll" }],
  ["another run of the same", { ...PLAIN, once: toHex(counting(16, 1)) }],
  ["18 arguments", withArguments(...Array.from({ length: 18 }, (_, i) => `${i}`))],
  ["140 characters", withArguments("a".repeat(140), "\u00fc".repeat(23))],
];

const REJECT_RUN: readonly (readonly [name: string, because: string, run: CommandNotation])[] = [
  ["bytes that were no UTF-8", "unsafe-text", withArguments("a\u{FFFD}")],
  ["a lone surrogate", "unsafe-text", withArguments("\ud800")],
  ["a NUL", "unsafe-text", withArguments("a\0b")],
  ["141 characters", "too-long", withArguments("a".repeat(141))],
  ["36 letters that take four characters more each", "too-long", withArguments("\u00fc".repeat(36))],
  ["19 arguments", "too-many-lines", withArguments(...Array.from({ length: 19 }, (_, i) => `${i}`))],
  ["a relative command", "bad-field", { ...PLAIN, command: { path: "bin/rm", sha256: SHA } }],
  ["a command with ..", "bad-field", { ...PLAIN, command: { path: "/usr/../bin/rm", sha256: SHA } }],
  ["a command with two slashes", "bad-field", { ...PLAIN, command: { path: "/usr//bin/rm", sha256: SHA } }],
  ["a command that is the top folder", "bad-field", { ...PLAIN, command: { path: "/", sha256: SHA } }],
  [
    "a command with an argument of its own",
    "bad-field",
    { ...PLAIN, command: { path: "/a", sha256: SHA, argument: "b" } },
  ],
  ["a digest of 31 bytes", "bad-digest", { ...PLAIN, command: { path: "/a", sha256: SHA.slice(2) } }],
  ["a relative directory", "bad-field", { ...PLAIN, directory: "." }],
  ["a directory with a slash at its end", "bad-field", { ...PLAIN, directory: "/root/" }],
  ["a variable without name", "bad-field", { ...PLAIN, environment: [["", "x"]] }],
  ["a variable with = in its name", "bad-field", { ...PLAIN, environment: [["A=B", "x"]] }],
  ["a variable twice", "bad-field", { ...PLAIN, environment: [["A", "x"], ["A", "y"]] }], // prettier-ignore
  ["a relative interpreter", "bad-field", script({ path: "sh", sha256: OTHER })],
  ["an interpreter with an empty argument", "bad-field", script({ path: "/bin/sh", sha256: OTHER, argument: "" })],
  [
    "five interpreters",
    "bad-field",
    script(...Array.from({ length: 5 }, (_, i) => ({ path: `/bin/${i}`, sha256: OTHER }))),
  ],
  ["a purpose with a newline", "unsafe-text", { ...PLAIN, purpose: "a\nb" }],
  ["15 bytes that make it one run", "bad-field", { ...PLAIN, once: toHex(counting(15)) }],
];

const LINES = joined(commandLines(runOf(withArguments("x"))));
const swap = (from: string, to: string): string => LINES.replace(from, to);

const REJECT_LINES: readonly (readonly [name: string, because: string, lines: string])[] = [
  ["an argument in quotes that needs none", "bad-field", swap("18 x", '18 "x"')],
  ["an escape that nothing needs", "bad-field", swap("18 x", String.raw`18 \u{78}`)],
  ["an escape in upper case", "bad-field", swap("18 x", String.raw`18 \u{FC}`)],
  ["an escape with a zero in front", "bad-field", swap("18 x", String.raw`18 \u{0fc}`)],
  ["an escape beyond Unicode", "bad-field", swap("18 x", String.raw`18 \u{110000}`)],
  ["an escape of half a character", "unsafe-text", swap("18 x", String.raw`18 \u{d800}`)],
  ["an unknown escape", "bad-field", swap("18 x", String.raw`18 \x41`)],
  ["a backslash at the end", "bad-field", swap("18 x", String.raw`18 x\ `.trimEnd())],
  ["a newline by its number", "bad-field", swap("18 x", String.raw`18 \u{a}`)],
  ["a quote that opens and does not close", "bad-field", swap("18 x", '18 "x')],
  ["a quote escaped where it need not be", "bad-field", swap("18 x", String.raw`18 x\"`)],
  ["a single space by its number", "bad-field", swap("18 x", String.raw`18 a\u{20}b`)],
  ["an argument behind the directory", "bad-field", swap("\n18 x", "").replace("\n20 ", "\n18 x\n20 ")],
  ["no directory", "bad-field", swap("\n19 /root", "")],
  ["no digest of the command", "bad-field", swap(`\n20 sha256 ${SHA}`, "")],
  ["a digest of the command in upper case", "bad-digest", swap(SHA, SHA.toUpperCase())],
  ["an interpreter without digest", "bad-digest", swap("\n28 ", "\n20 #! /bin/sh\n28 ")],
  ["a second digest without interpreter", "bad-field", swap("\n28 ", `\n20 sha256 ${OTHER}\n20 sha256 ${SHA}\n28 `)],
  [
    "an interpreter with a bare space in its path",
    "bad-field",
    swap("\n28 ", `\n20 #! /a "b\n20 sha256 ${OTHER}\n28 `),
  ],
  ["a variable without =", "bad-field", swap("\n20 ", "\n21 A\n20 ")],
  ["a purpose before the directory", "bad-field", swap("\n19 ", "\n27 x\n19 ")],
  ["a line that commands do not have", "bad-field", swap("\n28 ", "\n14 1\n28 ")],
  ["no digest of the whole", "missing-label", LINES.slice(0, LINES.indexOf("\n28 "))],
  ["a host beyond ASCII", "unsafe-text", swap("15 db1", "15 d\u0432")],
];

/** A command to its lines and back. */
export const commandVectors: Suite<Accept, Reject> = {
  name: "command",
  spec: "docs/protocol/command.md",
  about:
    "accept: `run` gives `lines` (label, space, value, joined by newlines; the last one is the digest over all of it); " +
    "those give back all of `run` but base and once. reject: `run` is refused, or `lines` are of no command, with the " +
    "code `because`.",
  build: () => ({
    accept: ACCEPT.map(([name, run]) => ({ name, run, lines: joined(commandLines(runOf(run))) })),
    reject: [
      ...REJECT_RUN.map(([name, because, run]) => ({ name, run, because })),
      ...REJECT_LINES.map(([name, because, lines]) => ({ name, lines, because })),
    ],
  }),
  accept: ({ run, lines }) => {
    const { digest: _, ...shown } = parseCommandLines(linesOf(lines));
    const { base, once } = runOf(run);
    return { lines: joined(commandLines({ ...shown, base, once })) };
  },
  reject: ({ run, lines = "" }) =>
    refusalOf(() => (run === undefined ? parseCommandLines(linesOf(lines)) : commandLines(runOf(run)))),
};

function runOf({ command, interpreters, once, ...run }: CommandNotation): CommandRun {
  return { ...run, command: programOf(command), interpreters: interpreters.map(programOf), once: fromHex(once) };
}

function programOf({ sha256, ...program }: ProgramNotation): Program {
  return { ...program, sha256: fromHex(sha256) };
}

function joined(lines: readonly Line[]): string {
  return lines.map(({ label, value }) => `${label} ${value}`).join("\n");
}

function linesOf(text: string): Line[] {
  const lines = text.split("\n").map((line) => {
    const [label = "", ...value] = line.split(" ");
    return { label: Number(label) as L, value: value.join(" ") };
  });
  parseLines(Kind.RUN, lines);
  return lines;
}
