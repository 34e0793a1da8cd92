// A scripted user as a process of its own. Standard input: one JSON line { meant, pin, temper, key, phone, known }, where
// `key` and `phone` are the addresses of what he sees and touches, and `known` the messages that he knew before. He gets nothing else: no token, no transaction, no name of
// a mode or an attack.
import { text } from "node:stream/consumers";
import { KeyInHand } from "./key-in-hand.ts";
import { act } from "./person.ts";
import { PhoneInHand } from "./phone-in-hand.ts";

interface Given extends Partial<Record<"meant" | "pin" | "temper" | "key" | "phone", string>> {
  readonly known?: readonly string[];
}
const { meant, pin, temper, key, phone, known } = JSON.parse(await text(process.stdin)) as Given;
const leaving = new AbortController();
process.once("SIGTERM", () => leaving.abort());
try {
  await act(
    {
      meant: meant ?? "",
      pin: pin ?? "",
      temper: temper === "careless" ? "careless" : "careful",
      key: new KeyInHand(key ?? ""),
      phone: new PhoneInHand(phone ?? ""),
      known,
    },
    leaving.signal,
    () => console.log('{"ready":true}'),
  );
} catch (error) {
  if (!leaving.signal.aborted) throw error;
}
