import { concatBytes, fromHex, toHex, utf8 } from "../bytes.ts";
import { type CborValue, encodeCbor } from "../det-cbor.ts";
import type { Field, Line } from "../field.ts";
import { Kind } from "../kind.ts";
import { Label, labelName } from "../label.ts";
import { ProtocolError } from "../protocol-error.ts";
import { parseLines, renderFields } from "../render.ts";
import { readText, readWord, showText, showWord } from "./shown-text.ts";
import { sha256 } from "#platform";

// A command as typed fields of kind RUN, in this order (docs/protocol/command.md):
//
//   Host, User, Command
//   Argument      one a line
//   Directory
//   Environment   NAME=value, one a line
//   File          sha256 DIGEST of the command
//   File          #! INTERPRETER [ARGUMENT], then its sha256 DIGEST; again for the interpreter of an interpreter
//   Purpose
//   Digest        over all of it and what is not shown, set by the core from payload_sha256

/** A program that takes part: the command itself, or what its `#!` line names. */
export interface Program {
  /** Absolute, without `.`, `..` and doubled slashes. */
  readonly path: string;
  /** SHA-256 of its bytes. */
  readonly sha256: Uint8Array;
  /** Of an interpreter: what stands behind it on the `#!` line. */
  readonly argument?: string | undefined;
}

/** All that lines show of a command. */
export interface ShownCommand {
  readonly host: string;
  readonly user: string;
  readonly command: Program;
  readonly arguments: readonly string[];
  readonly directory: string;
  /** Named variables, in the order in which they were given. */
  readonly environment: readonly (readonly [name: string, value: string])[];
  /** What runs the command when it is a script; the first one is the command's own. */
  readonly interpreters: readonly Program[];
  readonly purpose?: string | undefined;
}

/** A command that runs once. */
export interface CommandRun extends ShownCommand {
  /** Variables that every command gets, not shown but bound. */
  readonly base: readonly (readonly [name: string, value: string])[];
  /** 16 bytes drawn for this one run: nobody's yes counts for another. */
  readonly once: Uint8Array;
}

/** Bytes of `once`. */
export const ONCE_LENGTH = 16;

const COMMAND = utf8("countersign/command/v1\0");
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
const DIGEST = /^sha256 ([0-9a-f]{64})$/;
const INTERPRETER = "#! ";
const MOST_INTERPRETERS = 4;

/**
 * The typed fields of a command, without the digest. Different commands give different fields. Throws ProtocolError naming
 * `argument[2]`, `environment[0]` and the like for what cannot be shown.
 */
export function commandFields(shown: ShownCommand): Field[] {
  checkShown(shown);
  const { command, directory, interpreters, purpose } = shown;
  return [
    text(Label.HOST, showText(shown.host, "host")),
    text(Label.USER, showText(shown.user, "user")),
    text(Label.COMMAND, showText(command.path, "command")),
    ...shown.arguments.map((one, i) => text(Label.ARGUMENT, showText(one, `argument[${i}]`))),
    text(Label.DIRECTORY, showText(directory, "directory")),
    ...shown.environment.map(([name, value], i) =>
      text(Label.ENVIRONMENT, showText(`${name}=${value}`, `environment[${i}]`)),
    ),
    text(Label.FILE, digestText(command)),
    ...interpreters.flatMap((one, i) => [
      text(Label.FILE, interpreterText(one, `interpreter[${i}]`)),
      text(Label.FILE, digestText(one)),
    ]),
    ...(purpose === undefined ? [] : [text(Label.PURPOSE, purpose)]),
  ];
}

/** SHA-256 over the whole command and its environment: the payload of the transaction. */
export function digestOfCommand(run: CommandRun): Uint8Array {
  checkShown(run);
  if (run.once.length !== ONCE_LENGTH)
    throw new ProtocolError("bad-field", `expected ${ONCE_LENGTH} bytes`, { field: "once" });
  const members: readonly CborValue[] = [
    run.host,
    run.user,
    programCbor(run.command),
    [...run.arguments],
    run.directory,
    run.environment.map((pair) => [...pair]),
    run.interpreters.map(programCbor),
    run.purpose === undefined ? [] : [run.purpose],
    run.base.map((pair) => [...pair]),
    run.once,
  ];
  return sha256(concatBytes(COMMAND, encodeCbor(new Map(members.map((value, i) => [i + 1, value])))));
}

/** The lines that every surface shows of a command. */
export function commandLines(run: CommandRun): Line[] {
  const fields = withPlaces(run, commandFields(run));
  const digest: Field = { label: Label.DIGEST, value: { type: "digest", digest: digestOfCommand(run) } };
  return renderFields(Kind.RUN, [...fields, digest]);
}

/** The command behind its lines; throws ProtocolError for lines that commandLines does not write. */
export function parseCommandLines(lines: readonly Line[]): ShownCommand & { readonly digest: Uint8Array } {
  const rest = new Rest(parseLines(Kind.RUN, lines));
  const host = readText(rest.one(Label.HOST), "host");
  const user = readText(rest.one(Label.USER), "user");
  const path = readText(rest.one(Label.COMMAND), "command");
  const args = rest.all(Label.ARGUMENT).map((one, i) => readText(one, `argument[${i}]`));
  const directory = readText(rest.one(Label.DIRECTORY), "directory");
  const environment = rest.all(Label.ENVIRONMENT).map((one, i) => variable(readText(one, `environment[${i}]`), i));
  const command: Program = { path, sha256: digestIn(rest.one(Label.FILE), "command") };
  const files = rest.all(Label.FILE);
  const purpose = rest.maybe(Label.PURPOSE);
  const digest = rest.digest();
  const shown = {
    ...{ host, user, command, arguments: args, directory, environment, interpreters: interpretersIn(files) },
    ...(purpose === undefined ? {} : { purpose }),
  };
  checkShown(shown);
  return { ...shown, digest };
}

/** Fields are checked one by one here, so that a refusal names what the user typed and not the place of a line. */
function withPlaces(shown: ShownCommand, fields: Field[]): Field[] {
  const places = placesOf(shown);
  for (const [i, field] of fields.entries()) {
    try {
      renderFields(Kind.APPROVE, [{ label: Label.ACTION, value: { type: "text", text: "x" } }, field]);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      const { codePoint, rule } = error;
      const why = error.field === undefined ? error.message : error.message.slice(error.field.length + 2);
      throw new ProtocolError(error.code, why, { field: places[i], codePoint, rule });
    }
  }
  return fields;
}

/** What stands behind each field of commandFields. */
function placesOf({ arguments: args, environment, interpreters }: ShownCommand): string[] {
  return [
    ...["host", "user", "command"],
    ...args.map((_, i) => `argument[${i}]`),
    "directory",
    ...environment.map((_, i) => `environment[${i}]`),
    "command",
    ...interpreters.flatMap((_, i) => [`interpreter[${i}]`, `interpreter[${i}]`]),
    "purpose",
  ];
}

function checkShown({ command, directory, environment, interpreters }: ShownCommand): void {
  checkPath(command.path, "command");
  checkPath(directory, "directory");
  if (command.argument !== undefined) refuse("command", "only an interpreter has an argument of its own");
  const seen = new Set<string>();
  for (const [i, [name]] of environment.entries()) {
    if (!NAME.test(name)) refuse(`environment[${i}]`, "expected a name of letters, digits and underscores");
    if (seen.has(name)) refuse(`environment[${i}]`, `${name} stands twice`);
    seen.add(name);
  }
  if (interpreters.length > MOST_INTERPRETERS) refuse("interpreter", `more than ${MOST_INTERPRETERS} of them`);
  for (const [i, { path, argument }] of interpreters.entries()) {
    checkPath(path, `interpreter[${i}]`);
    if (argument === "") refuse(`interpreter[${i}]`, "an empty argument is none");
  }
}

function checkPath(path: string, field: string): void {
  const parts = path.split("/");
  const first = parts.shift();
  const isRoot = path === "/" && field === "directory";
  if (first !== "" || (!isRoot && parts.some((part) => part === "" || part === "." || part === ".."))) {
    refuse(field, "expected an absolute path without `.`, `..` and doubled slashes");
  }
}

function text(label: Label, value: string): Field {
  return { label, value: { type: "text", text: value } };
}

function digestText({ sha256: digest }: Program): string {
  if (digest.length !== 32) throw new ProtocolError("bad-digest", "expected the 32 bytes of a SHA-256");
  return `sha256 ${toHex(digest)}`;
}

function interpreterText({ path, argument }: Program, field: string): string {
  const shown = `${INTERPRETER}${showWord(path, field)}`;
  return argument === undefined ? shown : `${shown} ${showText(argument, field)}`;
}

function digestIn(shown: string, field: string): Uint8Array {
  const [, digits] = DIGEST.exec(shown) ?? [];
  if (digits === undefined) throw new ProtocolError("bad-digest", "expected sha256 and 64 digits", { field });
  return fromHex(digits);
}

function interpretersIn(files: readonly string[]): Program[] {
  const found: Program[] = [];
  for (let at = 0; at < files.length; at += 2) {
    const field = `interpreter[${at / 2}]`;
    const [named = "", digest = ""] = files.slice(at, at + 2);
    if (!named.startsWith(INTERPRETER)) refuse(field, "expected #! and a path");
    const words = named.slice(INTERPRETER.length);
    const space = words.indexOf(" ");
    const path = readWord(space < 0 ? words : words.slice(0, space), field);
    const argument = space < 0 ? {} : { argument: readText(words.slice(space + 1), field) };
    found.push({ path, sha256: digestIn(digest, field), ...argument });
  }
  return found;
}

function variable(shown: string, i: number): readonly [name: string, value: string] {
  const at = shown.indexOf("=");
  if (at < 0) refuse(`environment[${i}]`, "expected NAME=value");
  return [shown.slice(0, at), shown.slice(at + 1)];
}

function programCbor({ path, sha256: digest, argument }: Program): CborValue {
  return [path, digest, ...(argument === undefined ? [] : [argument])];
}

function refuse(field: string, why: string): never {
  throw new ProtocolError("bad-field", why, { field });
}

/** Fields that are left, read from the front: every label has its place. */
class Rest {
  readonly #fields: Field[];

  constructor(fields: readonly Field[]) {
    this.#fields = [...fields];
  }

  maybe(label: Label): string | undefined {
    const [next] = this.#fields;
    if (next?.label !== label || next.value.type !== "text") return undefined;
    this.#fields.shift();
    return next.value.text;
  }

  one(label: Label): string {
    return this.maybe(label) ?? this.#expected(label);
  }

  all(label: Label): string[] {
    const found: string[] = [];
    for (let next = this.maybe(label); next !== undefined; next = this.maybe(label)) found.push(next);
    return found;
  }

  /** The digest is the last line. */
  digest(): Uint8Array {
    const [last, ...more] = this.#fields;
    if (last?.value.type !== "digest" || more.length > 0) return this.#expected(Label.DIGEST);
    return last.value.digest;
  }

  #expected(label: Label): never {
    throw new ProtocolError("bad-field", `a command has "${labelName(label)}" here`, { field: "lines" });
  }
}
