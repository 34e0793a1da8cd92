import { startChild } from "@countersign/testing/child";
import type { Desk } from "../desk.ts";
import { PhoneInHand } from "../person/phone-in-hand.ts";
import type { PamEnd, PamRun } from "./login-host.ts";

/** What the owner of the account knows that he is doing. */
export const MEANT: string = [
  "Role: sudo: any command",
  "Host: web-1.example",
  "User: ada",
  "Address: at this host",
  "Detail 1: Terminal /dev/pts/3",
].join("\n");

/** What PAM says when ada types sudo. */
export const SUDO: Readonly<Record<string, string>> = {
  PAM_USER: "ada",
  PAM_SERVICE: "sudo",
  PAM_TTY: "/dev/pts/3",
  PAM_RHOST: "",
};

/** Where the owner looks and what he types on; other than the desk's when he errs. */
export type Senses = Pick<Desk, "keyUrl" | "phoneUrl">;

/** The reference that a terminal shows, and that key and phone must show. */
const REFERENCE = /\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC [0-9a-f]{6}/;

/** How an attempt begins. It is called once what the phone shows already is known: whatever comes then is about this. */
export type Start = () => PamRun;

/** A scripted owner sits at key and phone from when the terminal tells him to until the program has ended. */
export async function attended(
  start: Start,
  desk: Desk,
  given: { readonly meant?: string; readonly senses?: Senses } = {},
): Promise<PamEnd> {
  const { meant = MEANT, senses = desk } = given;
  const known = await messagesOn(senses);
  const run = start();
  const [reference] = await run.shows(REFERENCE);
  return sit(run, { ...senses, known, pin: desk.pin, temper: "careful", meant: `${meant}\nReference: ${reference}` });
}

/** Somebody who confirms whatever he is shown, wherever it is from, sits there from the start. */
export async function nodded(start: Start, desk: Desk): Promise<PamEnd> {
  const known = await messagesOn(desk);
  return sit(start(), { ...desk, known, temper: "careless", meant: "" });
}

function messagesOn({ phoneUrl }: Senses): Promise<readonly string[]> {
  return new PhoneInHand(phoneUrl).messageIds(AbortSignal.timeout(60_000));
}

interface Sitting extends Senses {
  readonly meant: string;
  readonly pin: string;
  readonly temper: "careful" | "careless";
  readonly known: readonly string[];
}

/** Who was not confirmed is asked for a break-glass token: he has none, and would be waited for without end. */
const ASKED_FOR_TOKEN = /password for|Password: /;

async function sit(run: PamRun, { meant, pin, temper, known, keyUrl: key, phoneUrl: phone }: Sitting): Promise<PamEnd> {
  const person = JSON.stringify({ meant, pin, temper, key, phone, known });
  const seated = await startChild("scripts/dev-env/src/person/person-main.ts", [], {}, person);
  try {
    void run.shows(ASKED_FOR_TOKEN).then(
      () => run.interrupt(),
      () => {},
    );
    return await run.ended;
  } finally {
    await seated.stop();
  }
}
