import { randomBytes } from "node:crypto";
import { Kind, Label, type Field } from "@countersign/protocol";
import type { Settings } from "./settings.ts";

/** What PAM says of who wants in. Whoever knocks chooses parts of it. */
export interface Attempt {
  readonly user: string;
  readonly service: string;
  readonly tty: string;
  /** Address that the connection comes from; "" at this host. */
  readonly remote: string;
}

/** What the owner of an account is asked. */
export interface Question {
  readonly kind: Kind;
  readonly fields: readonly Field[];
  /** On terminal, key and phone: tells two attempts apart, and makes each one new to the core. */
  readonly reference: string;
}

/** Reads what pam_exec puts into the environment. Undefined when it did not start this program for `auth`. */
export function attemptOf(env: Readonly<Record<string, string | undefined>>): Attempt | undefined {
  const { PAM_TYPE, PAM_USER = "", PAM_SERVICE = "", PAM_TTY = "", PAM_RHOST = "" } = env;
  if (PAM_TYPE !== "auth" || PAM_USER === "" || PAM_SERVICE === "") return undefined;
  return { user: PAM_USER, service: PAM_SERVICE, tty: PAM_TTY, remote: PAM_RHOST };
}

/** A login, or a right for somebody who is in: what the key shows and what the receipt will say. */
export function questionOf(attempt: Attempt, settings: Settings, now: Date): Question {
  const { user, service, tty, remote } = attempt;
  const reference = `${now.toISOString().slice(0, 19).replace("T", " ")} UTC ${randomBytes(3).toString("hex")}`;
  const grants = settings.grantServices.includes(service);
  const what: Field = grants
    ? text(Label.ROLE, `${service}: any command`)
    : text(Label.ACTION, `Log in through ${service}`);
  const fields = [
    what,
    text(Label.HOST, settings.host),
    text(Label.USER, user),
    text(Label.ADDRESS, remote === "" ? "at this host" : remote),
    ...(tty === "" ? [] : [text(Label.DETAIL_1, `Terminal ${tty}`)]),
    text(Label.REFERENCE, reference),
  ];
  return { kind: grants ? Kind.GRANT : Kind.LOGIN, fields, reference };
}

function text(label: Label, value: string): Field {
  return { label, value: { type: "text", text: value } };
}
