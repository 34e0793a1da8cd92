import { attemptOf } from "./attempt.ts";
import { useToken } from "./break-glass.ts";
import { whoIs, type CommandGiven } from "./confirm-command.ts";
import { toFile, toSyslog } from "./journal.ts";

/**
 * Takes a one-time token from standard input, as pam_exec hands it over with `expose_authtok`. True: let him in. It needs no
 * configuration and no core. A use that nobody could write down lets nobody in.
 */
export function breakGlassCommand(typed: string, given: CommandGiven): boolean {
  const { env, say, places } = given;
  const attempt = attemptOf(env);
  const text = typed.replace(/\0.*$/s, "").trim();
  if (attempt === undefined || text === "") return false;
  const who = whoIs(attempt);
  let token: string | undefined;
  try {
    token = useToken(text, places.tokens);
  } catch (error) {
    toSyslog("warning", `break-glass refused, ${who}: ${String(error)}`, places.syslog);
    say("Break-glass is set up wrongly on this host: see the log of auth.");
    return false;
  }
  if (token === undefined) {
    toSyslog("warning", `break-glass refused, ${who}: no such token`, places.syslog);
    say("That is no break-glass token, or it was used before.");
    return false;
  }
  const written = toFile({ at: new Date().toISOString(), ...attempt, token }, places.uses);
  const told = toSyslog("warning", `BREAK-GLASS USED, ${who}: token "${token}", no confirmation`, places.syslog);
  if (!written && !told) {
    say(`Refused: neither ${places.uses} nor syslog takes the entry. The token is used up.`);
    return false;
  }
  say("WARNING: let in by break-glass, without a confirmation. It is logged.");
  return true;
}
