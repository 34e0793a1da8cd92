import { isFido } from "@countersign/sdk";
import { ExitCode } from "../exit-code.ts";
import { keyName } from "../output/key-text.ts";
import { chooseKey, withDaemon, type CommandGiven } from "../session.ts";
import { followToEnd } from "./key-events.ts";

/** `countersign key set-pin`: typed on the key, or for a FIDO2 key in the daemon's own prompt; never here. */
export function keySetPinCommand(options: { readonly key?: string }, given: CommandGiven): Promise<ExitCode> {
  const { terminal } = given;
  return withDaemon(given, async (daemon) => {
    const key = await chooseKey(daemon, options.key);
    if (isFido(key)) terminal.progress("The daemon's own prompt asks for the PIN. This PC sees it.");
    await followToEnd(daemon.setPin(key.deviceId), given);
    terminal.record({ state: "PIN_SET" });
    terminal.result(`  ${terminal.sign("done")} PIN set`);
    return ExitCode.DONE;
  });
}

/** `countersign key reset`: every credential and the PIN are gone; confirmed on the key itself. */
export function keyResetCommand(options: { readonly key?: string }, given: CommandGiven): Promise<ExitCode> {
  const { terminal } = given;
  return withDaemon(given, async (daemon) => {
    const key = await chooseKey(daemon, options.key);
    terminal.progress(
      `${terminal.sign("warning")} This wipes ${keyName(key)}: what it confirmed for, it confirms no more.`,
    );
    terminal.progress("It works within 10 seconds after plugging in, and is confirmed on the key.");
    await followToEnd(daemon.reset(key.deviceId), given);
    terminal.record({ state: "RESET" });
    terminal.result(`  ${terminal.sign("done")} wiped. Revoke its old credential: countersign key revoke KEY`);
    return ExitCode.DONE;
  });
}
