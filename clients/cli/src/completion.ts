import { readdirSync } from "node:fs";
import tab from "@bomb.sh/tab/commander";
import { isCoreKind, Kind, Label } from "@countersign/protocol";
import { ChangeState } from "@countersign/proto/node/admin/v1/admin_service";
import { DeliveryState } from "@countersign/proto/node/core/v1/code_service";
import { Kind as Kinds, State } from "@countersign/proto/node/core/v1/content";
import type { Command } from "commander";
import { enumChoices } from "./admin/enum-name.ts";
import { PLATFORMS } from "./admin/platform.ts";

type Handler = (complete: (value: string, description: string) => void) => void;

const REPEATED: readonly (readonly [command: string, option: string, choices: readonly string[]])[] = [
  ["tx", "state", enumChoices(State)],
  ["tx", "kind", enumChoices(Kinds)],
  ["delivery", "state", enumChoices(DeliveryState)],
  ["change", "state", enumChoices(ChangeState)],
];

/** `countersign completion sh|zsh|fish` prints a script; the script asks the hidden `complete` for every Tab. */
export function addCompletion(program: Command): void {
  const root = tab(program, { completionCommandName: "completion" });
  const values: readonly [command: string, argument: string, handler: Handler][] = [
    ["pay", "file", offer(() => files((name) => name.endsWith(".xml")))],
    ["verify", "receipt", offer(() => files(isReceipt))],
    ["receipts print", "receipt", offer(() => files(isReceipt))],
    ["link", "platform", offer(() => PLATFORMS)],
    ["admin link own", "platform", offer(() => PLATFORMS)],
    ["admin token revoke", "holder", offer(() => ["app", "bot", "admin"])],
    ["confirm", "kind", offer(kinds)],
  ];
  for (const [command, argument, handler] of values) {
    const found = root.commands.get(command)?.arguments.get(argument);
    if (found !== undefined) found.handler = handler;
  }
  // Options that may be given several times have their choices in their words alone.
  for (const [command, option, choices] of REPEATED) {
    const found = root.commands.get(`admin ${command} list`)?.options.get(option);
    if (found !== undefined) found.handler = offer(() => choices);
  }
  const field = root.commands.get("confirm")?.options.get("field");
  if (field !== undefined) field.handler = offer(() => Object.keys(Label).map((name) => `${spelled(name)}=`));
}

/** What people call bash here is `sh`. */
export function completionArguments(args: readonly string[]): string[] {
  const [command, shell, ...rest] = args;
  return command === "completion" && shell === "sh" ? [command, "bash", ...rest] : [...args];
}

function offer(values: () => readonly string[]): Handler {
  return (complete) => {
    for (const value of values()) complete(value, "");
  };
}

function kinds(): string[] {
  return Object.entries(Kind).flatMap(([name, kind]) => (isCoreKind(kind) ? [] : [spelled(name)]));
}

const isReceipt = (name: string): boolean => /^receipt-.*\.json$/.test(name);

function spelled(name: string): string {
  return name.toLowerCase().replaceAll("_", "-");
}

function files(fits: (name: string) => boolean): string[] {
  try {
    return readdirSync(".").filter(fits).toSorted();
  } catch {
    return [];
  }
}
