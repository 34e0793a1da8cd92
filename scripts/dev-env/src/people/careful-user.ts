import type { Desk } from "../desk.ts";
import { KeyInHand } from "../person/key-in-hand.ts";
import { PhoneInHand } from "../person/phone-in-hand.ts";
import { whileSitting } from "../person/sit.ts";

/** A careful user who means this (one `Label: value` a line) sits at key and phone while `work` runs. */
export function whileCareful<T>({ pin, keyUrl, phoneUrl }: Desk, meant: string, work: () => Promise<T>): Promise<T> {
  const [key, phone] = [new KeyInHand(keyUrl), new PhoneInHand(phoneUrl)];
  return whileSitting({ meant, pin, temper: "careful", key, phone }, work);
}
