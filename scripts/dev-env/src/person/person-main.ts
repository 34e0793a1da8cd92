// A scripted user as a process of its own. Standard input: one JSON line { meant, pin, temper, key, phone }, where `key`
// and `phone` are the addresses of what he sees and touches. He gets nothing else: no token, no transaction, no name of
// a mode or an attack.
import { text } from "node:stream/consumers";
import { KeyInHand } from "./key-in-hand.ts";
import { act } from "./person.ts";
import { PhoneInHand } from "./phone-in-hand.ts";

const { meant, pin, temper, key, phone } = JSON.parse(await text(process.stdin)) as Record<string, string>;
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
    },
    leaving.signal,
    () => console.log('{"ready":true}'),
  );
} catch (error) {
  if (!leaving.signal.aborted) throw error;
}
