import type { Desk } from "../desk.ts";
import { KeyInHand } from "../person/key-in-hand.ts";
import { act } from "../person/person.ts";
import { PhoneInHand } from "../person/phone-in-hand.ts";
import { readMessage } from "../person/read-message.ts";

/** Somebody at a desk. */
export interface Sitting {
  /** Settles once he sees what comes: what his phone shows from then on is new to him. */
  readonly seated: Promise<void>;
  /** Ends him; throws what went wrong for him. */
  leave(): Promise<void>;
}

/** Confirms on the key what he means; meaning nothing, he confirms whatever both show alike. */
export function confirms(desk: Desk, meant: string): Sitting {
  const [key, phone] = [new KeyInHand(desk.keyUrl), new PhoneInHand(desk.phoneUrl)];
  const temper = meant === "" ? "careless" : "careful";
  return sit((signal, seated) => act({ meant, pin: desk.pin, temper, key, phone }, signal, seated));
}

/** Stops the first prompt in the chat. */
export function stopsInTheChat(desk: Desk): Sitting {
  const phone = new PhoneInHand(desk.phoneUrl);
  return sit(async (signal, seated) => {
    const old = new Set((await phone.look(undefined, signal)).messages.map(({ id }) => id));
    seated();
    for (let version: number | undefined; ;) {
      const chat = await phone.look(version, signal);
      version = chat.version;
      const prompt = chat.messages.find((message) => !old.has(message.id) && readMessage(message) !== undefined);
      if (prompt !== undefined) return phone.press(prompt, "Wrong data");
    }
  });
}

/** Goes along with a new credential on the key. */
export function enrols(desk: Desk): Sitting {
  const key = new KeyInHand(desk.keyUrl);
  return sit(async (signal, seated) => {
    seated();
    for (let version: number | undefined; ;) {
      const screen = await key.look(version, signal);
      if (screen.version === version) continue;
      version = screen.version;
      if (screen.page === "pin") await key.type(desk.pin);
      else if (screen.page === "enrol" || screen.page === "fingerprint") await key.press("ok");
    }
  });
}

function sit(work: (signal: AbortSignal, seated: () => void) => Promise<void>): Sitting {
  const leaving = new AbortController();
  const seated = Promise.withResolvers<void>();
  const working = work(leaving.signal, seated.resolve).catch((error: unknown) => {
    if (!leaving.signal.aborted) throw error;
  });
  working.catch(() => undefined); // told by leave
  return {
    // Whoever could not sit down says so when he leaves.
    seated: Promise.race([seated.promise, working.catch(() => undefined)]),
    leave: async () => {
      leaving.abort();
      await working;
    },
  };
}
