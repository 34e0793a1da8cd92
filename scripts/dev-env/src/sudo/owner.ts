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

/** A scripted owner sits at key and phone from when the terminal tells him to until the program has ended. */
export async function attended(
  run: PamRun,
  desk: Desk,
  given: { readonly temper?: "careful" | "careless"; readonly meant?: string; readonly senses?: Senses } = {},
): Promise<PamEnd> {
  const { temper = "careful", meant = MEANT, senses = desk } = given;
  // What the phone shows from now on is about this: it may come before he sits down, and bear no tag that the key shows.
  const known = await new PhoneInHand(senses.phoneUrl).messageIds(AbortSignal.timeout(60_000));
  const [reference] = await run.shows(REFERENCE);
  const person = {
    meant: `${meant}\nReference: ${reference}`,
    pin: desk.pin,
    temper,
    key: senses.keyUrl,
    phone: senses.phoneUrl,
    known,
  };
  const seated = await startChild("scripts/dev-env/src/person/person-main.ts", [], {}, JSON.stringify(person));
  try {
    return await run.ended;
  } finally {
    await seated.stop();
  }
}
