import type { Desk } from "../desk.ts";
import { KeyInHand } from "../person/key-in-hand.ts";
import { act } from "../person/person.ts";
import { PhoneInHand } from "../person/phone-in-hand.ts";

/** A careful user who means this (one `Label: value` a line) sits at key and phone while `work` runs. */
export async function whileCareful<T>(desk: Desk, meant: string, work: () => Promise<T>): Promise<T> {
  const leaving = new AbortController();
  const { pin } = desk;
  const [key, phone] = [new KeyInHand(desk.keyUrl), new PhoneInHand(desk.phoneUrl)];
  const sitting = act({ meant, pin, temper: "careful", key, phone }, leaving.signal).catch((error: unknown) => {
    if (!leaving.signal.aborted) throw error;
  });
  try {
    return await work();
  } finally {
    leaving.abort();
    await sitting;
  }
}
