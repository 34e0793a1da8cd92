import type { Command } from "commander";
import { keyConfirmCommand, keyRenameCommand, keyRevokeCommand } from "./command/key-change.ts";
import { keyResetCommand, keySetPinCommand } from "./command/key-device.ts";
import { keyEnrolCommand } from "./command/key-enrol.ts";
import { keyListCommand } from "./command/key-list.ts";
import {
  recoverApproveCommand,
  recoverBeginCommand,
  recoverListCommand,
  recoverStopCommand,
} from "./command/key-recover.ts";
import type { ExitCode } from "./exit-code.ts";
import type { CommandGiven } from "./session.ts";

const WHICH = ["--key <serial>", "which key, when several are plugged in"] as const;
const KEY = "its id, the beginning of it, its name or its serial";

/** `countersign key …`. */
export function addKeys(program: Command, given: () => CommandGiven, finish: (code: ExitCode) => void): void {
  const key = program.command("key").description("smart keys");
  key
    .command("list")
    .description("keys plugged in, and keys enrolled: names, states, holds")
    .action(async () => finish(await keyListCommand(given())));
  key
    .command("enrol")
    .description("make a credential on the plugged key and enrol it")
    .option(...WHICH)
    .option("--serial <serial>", "bind the enrolment to this serial, known from elsewhere than this PC")
    .option("--digits", "bind it to digits that reach the user off this PC")
    .option("--fido", "a FIDO2 security key: weaker, it shows nothing")
    .option("--name <text>", "by which people will call it")
    .option("--invitation <file>", "the link of your administrator, in a file (0600); - reads it from stdin")
    .option("--recovery <id>", "a recovery that is ready: with it the lost keys are revoked")
    .option("--confirm-with <serial>", "the old key that confirms a further one")
    .action(async (options: Record<string, never>) => finish(await keyEnrolCommand(options, given())));
  key
    .command("confirm <id>")
    .description("activate a first key by the fingerprint on its display")
    .requiredOption("--fingerprint <text>", "as the user read it")
    .action(async (id: string, options: { fingerprint: string }) =>
      finish(await keyConfirmCommand(id, options, given())),
    );
  key
    .command("rename <key> <name>")
    .description(`give a key a name ("" for none); KEY is ${KEY}`)
    .action(async (which: string, name: string) => finish(await keyRenameCommand(which, name, given())));
  key
    .command("revoke <key>")
    .description(`at once and for good, also where it is being asked; KEY is ${KEY}`)
    .action(async (which: string) => finish(await keyRevokeCommand(which, given())));
  key
    .command("set-pin")
    .alias("pin")
    .description("set or change the PIN: on the key, or of a FIDO2 key in the daemon's prompt")
    .option(...WHICH)
    .action(async (options: { key?: string }) => finish(await keySetPinCommand(options, given())));
  key
    .command("reset")
    .description("wipe a key, within 10 s after plugging it in; confirmed on the key")
    .option(...WHICH)
    .action(async (options: { key?: string }) => finish(await keyResetCommand(options, given())));
  addRecovery(key, given, finish);
}

function addRecovery(key: Command, given: () => CommandGiven, finish: (code: ExitCode) => void): void {
  const recover = key.command("recover").description("new keys for who lost the last one: two people, and a hold");
  recover
    .command("begin")
    .description("the first of two people, with a token of scope execute")
    .requiredOption("--reason <text>", "told to the user on every channel")
    .action(async (options: { reason: string }) => finish(await recoverBeginCommand(options, given())));
  recover
    .command("approve <id>")
    .description("the second, with a token of another app; then the hold runs")
    .action(async (id: string) => finish(await recoverApproveCommand(id, given())));
  recover
    .command("stop [id]")
    .description("until it is used")
    .action(async (id: string | undefined) => finish(await recoverStopCommand(id, given())));
  recover
    .command("list")
    .description("what is under way for the user")
    .action(async () => finish(await recoverListCommand(given())));
}
