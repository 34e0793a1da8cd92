import type { Command, Option } from "commander";
import { EXIT_MEANINGS } from "../exit-code.ts";
import { SETTINGS } from "../settings/setting.ts";

/** Moves when the page's own words do; the commands' words are the program's. */
const DATE = "2026-11-24";

const LONGEST_LINE = 78;

/** The manual page of the whole program, in the man(7) language: what `--help` says, and what it does not. */
export function manPage(program: Command): string {
  const version = program.version() ?? "";
  return `${[
    String.raw`.\" Generated from the program by npm run generate: do not edit.`,
    `.TH COUNTERSIGN 1 "${DATE}" "Countersign ${version}" "User commands"`,
    ".SH NAME",
    String.raw`countersign \- confirm transactions when this PC cannot be trusted`,
    ".SH SYNOPSIS",
    ".B countersign",
    `${plain("[options] command [options] [arguments]")}`,
    ".SH DESCRIPTION",
    ...DESCRIPTION.flatMap((one, i) => [...(i === 0 ? [] : [".PP"]), plain(one)]),
    ".SH OPTIONS",
    ...program.options.filter(({ long }) => !isSetting(long)).flatMap(optionRow),
    ...[".SS Settings", plain("Each is a flag, a variable and a member of the configuration file, in this order.")],
    ...Object.values(SETTINGS).flatMap(({ flag, env, file, meaning }) => [
      ...[".TP", `.BR ${plain(flag)} ", " ${plain(env)}`],
      plain(`${meaning} (in the file: ${file})`),
    ]),
    ".SH COMMANDS",
    ...program.commands.flatMap((one) => commandRows(one, "")),
    ".SH EXIT STATUS",
    ...[plain("Of exec: once the command ran, its own; 128 and the signal's number if a signal ended it.")],
    ...Object.entries(EXIT_MEANINGS).flatMap(([code, meaning]) => [".TP", `.B ${code}`, plain(meaning)]),
    ".SH FILES",
    ...[".TP", `.I ${plain("~/.config/countersign/config.json")}`, plain("The configuration file, 0600; countersign setup writes it.")],
    ".SH ENVIRONMENT",
    ...[".TP", ".B NO_COLOR", plain("No colours, whatever the terminal can.")],
    ...[".TP", ".B COUNTERSIGN_CONFIG", plain("The configuration file, where --config names none.")],
  ].join("\n")}\n`;
}

const DESCRIPTION = [
  "Takes a transaction to your key and your phone, and tells how it ended. The key shows and signs what it shows, the phone " +
    "gives the code; this PC is believed in nothing.",
  "Progress goes to stderr, the result to stdout. With --json every state is one JSON object a line on stdout, of exec on " +
    "stderr, because there stdout is the command's.",
];

function commandRows(command: Command, parent: string): string[] {
  const name = `${parent}${command.name()}`;
  if (command.commands.length > 0) return command.commands.flatMap((one) => commandRows(one, `${name} `));
  const usage = command.usage().replace("[options]", "").trim();
  return [
    `.SS ${quoted(`${name}${usage === "" ? "" : ` ${usage}`}`)}`,
    plain(sentence(command.description())),
    ...command.options.flatMap(optionRow),
  ];
}

function optionRow(option: Option): string[] {
  const { flags, description, argChoices, defaultValue } = option;
  const choices = argChoices === undefined ? "" : ` One of: ${argChoices.join(", ")}.`;
  const standard = typeof defaultValue === "string" ? ` Default: ${defaultValue}.` : "";
  return [".TP", `.B ${quoted(flags)}`, plain(`${sentence(description)}${choices}${standard}`)];
}

function isSetting(long: string | undefined): boolean {
  return Object.values(SETTINGS).some(({ flag }) => flag === long);
}

function sentence(text: string): string {
  const whole = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(whole) ? whole : `${whole}.`;
}

/** Running text, in lines that no tool calls long, none of which begins like a macro. */
function plain(text: string): string {
  const lines: string[] = [];
  for (const word of escaped(text).split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < LONGEST_LINE) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines.map((line) => (/^[.']/.test(line) ? String.raw`\&${line}` : line)).join("\n");
}

function quoted(text: string): string {
  return `"${escaped(text).replaceAll('"', '""')}"`;
}

function escaped(text: string): string {
  return text
    .replaceAll("\\", String.raw`\e`)
    .replaceAll("-", String.raw`\-`)
    .replaceAll("…", "...")
    .replaceAll("→", "to")
    .replaceAll(/[^ -~]/g, (one) => String.raw`\[u${one.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")}]`);
}
