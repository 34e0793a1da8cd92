import { ProtocolError } from "@countersign/protocol";
import { CoreError } from "@countersign/sdk";
import { ask, type Answer } from "./ask.ts";
import { attemptOf, questionOf, type Attempt } from "./attempt.ts";
import { endingText } from "./ending-text.ts";
import { toSyslog, warningOf } from "./journal.ts";
import { OwnedFileError } from "./owned-file.ts";
import { oneWord } from "./plain-text.ts";
import { readSettings, type Settings } from "./settings.ts";

/** Files that the line in /etc/pam.d may name otherwise. */
export interface Places {
  readonly config: string;
  /** Of break-glass: tokens, and uses. */
  readonly tokens: string;
  readonly uses: string;
  /** Socket of syslog; undefined: the system's. */
  readonly syslog: string | undefined;
}

/** What a command works with. */
export interface CommandGiven {
  readonly places: Places;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly say: (line: string) => void;
  /** Aborts when whoever wanted in has left. */
  readonly signal: AbortSignal;
}

/** Key and core count the lifetime; this is for a core that is gone meanwhile. */
const GRACE_MS = 15_000;

/** Asks the owner of the account. True: let him in. Whatever goes wrong, the answer is no. */
export async function confirmCommand(given: CommandGiven): Promise<boolean> {
  const { env, say, places } = given;
  const attempt = attemptOf(env);
  if (attempt === undefined) {
    say("countersign-pam confirm is for an auth line of pam_exec: PAM_TYPE, PAM_USER and PAM_SERVICE are needed");
    return false;
  }
  const log = (severity: "info" | "notice", text: string): unknown =>
    toSyslog(severity, `${whoIs(attempt)}: ${text}`, places.syslog);
  try {
    const settings = readSettings(places.config);
    const userId = settings.users.get(attempt.user);
    if (userId === undefined) {
      log("notice", "refused, the account is not in users of the configuration");
      say("Nobody can confirm for this account. Ask your administrator.");
      return false;
    }
    const answer = await askInTime(userId, attempt, settings, given);
    log(answer.letIn ? "info" : "notice", `${answer.letIn ? "confirmed" : "refused"}, ${detailOf(answer)}`);
    say(answer.letIn ? "Confirmed." : endingText(answer.outcome));
    const warning = answer.letIn ? warningOf(places.uses) : undefined;
    if (warning !== undefined) say(warning);
    return answer.letIn;
  } catch (error) {
    log("notice", `refused, ${sentence(error)}`);
    say(failureText(error));
    return false;
  }
}

/** Name and place of an attempt, for logs. */
export function whoIs({ user, service, tty, remote }: Attempt): string {
  const at = tty === "" ? "" : ` at ${oneWord(tty)}`;
  return `${oneWord(user)} through ${oneWord(service)}${at}${remote === "" ? "" : ` from ${oneWord(remote)}`}`;
}

function askInTime(userId: string, attempt: Attempt, settings: Settings, given: CommandGiven): Promise<Answer> {
  const late = AbortSignal.timeout(settings.waitSeconds * 1000 + GRACE_MS);
  const signal = AbortSignal.any([given.signal, late]);
  return ask(userId, questionOf(attempt, settings, new Date()), { settings, say: given.say, signal });
}

function detailOf({ outcome, transactionId }: Answer): string {
  const receipt = outcome?.state === "EXECUTED" ? `, receipt ${outcome.receipt.name}` : "";
  return `${outcome?.state ?? "no outcome"}, transaction ${transactionId || "none"}${receipt}`;
}

function failureText(error: unknown): string {
  if (error instanceof ProtocolError) return `This cannot be shown on a key: ${error.message}.`;
  if (error instanceof OwnedFileError)
    return "This host is set up wrongly. Ask your administrator: see the log of auth.";
  if (error instanceof CoreError && error.isOutage)
    return "Core or device daemon do not answer, so nobody can confirm. Try again later; in an emergency: break-glass.";
  return "Not confirmed, because something failed. Try again; in an emergency: break-glass.";
}

function sentence(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
