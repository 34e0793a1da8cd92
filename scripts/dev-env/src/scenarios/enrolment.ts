import type { Desk } from "../desk.ts";
import { last, type Parts } from "../parts.ts";
import { Hands } from "./hands.ts";

/** What the key made, and what its owner read from its display. */
export interface OnKey {
  readonly signedEnrolment: Buffer;
  /** Four groups of four hexadecimal digits. */
  readonly fingerprint: string;
}

type Begun = Awaited<ReturnType<Parts["keys"]["beginEnrolment"]>>;

/** The user makes a credential on his key: consent, PIN, the digits that he was given, a look at the fingerprint. */
export async function enrolOnKey(
  { device }: Pick<Parts, "device">,
  desk: Pick<Desk, "keyUrl" | "phoneUrl" | "pin">,
  begun: Pick<Begun, "serverId" | "serverName" | "challenge">,
  digits = "",
): Promise<OnKey> {
  const { serverId, serverName, challenge } = begun;
  const enrolling = last(device.enrol({ deviceId: "", serverId, serverName, challenge, digits: digits !== "" }));
  const fingerprint = await followEnrolment(new Hands(desk), desk.pin, digits);
  const { event } = await enrolling;
  if (event?.$case !== "signedEnrolment") throw new Error("the key made no credential");
  return { signedEnrolment: event.value, fingerprint };
}

/** At the key, while something on the PC asks for a new credential. Resolves with the fingerprint that it shows. */
export async function followEnrolment(hands: Hands, pin: string, digits = ""): Promise<string> {
  await hands.keyShows("enrol");
  await hands.key.press("ok");
  await hands.keyShows("pin");
  await hands.key.type(pin);
  if (digits !== "") {
    await hands.keyShows("digits");
    await hands.key.type(digits);
  }
  const { rows } = await hands.keyShows("fingerprint");
  await hands.key.press("ok");
  return (rows[2] ?? "").trim();
}
