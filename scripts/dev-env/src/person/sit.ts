import { act, type Person } from "./person.ts";

/**
 * This person sits at key and phone while `work` runs, which begins once he has looked at his phone. He leaves when he has
 * read the last words on the key: what is pressed right after a page was replaced counts for nothing, and the next one to
 * sit down would meet them.
 */
export async function whileSitting<T>(person: Person, work: () => Promise<T>): Promise<T> {
  const leaving = new AbortController();
  const seated = Promise.withResolvers<void>();
  const sitting = act(person, leaving.signal, seated.resolve).catch((error: unknown) => {
    if (!leaving.signal.aborted) throw error;
  });
  try {
    // Whoever cannot sit down, or does not go on, lets nothing wait for him.
    await Promise.race([seated.promise, sitting]);
    const done = await Promise.race([work(), gone(sitting)]);
    await Promise.race([lastWordsRead(person), sitting]);
    return done;
  } finally {
    leaving.abort();
    await sitting;
  }
}

/** Rejects as he did; nobody leaves while others work. */
async function gone(sitting: Promise<void>): Promise<never> {
  await sitting;
  throw new Error("he left before the work was done");
}

async function lastWordsRead({ key }: Person): Promise<void> {
  const patience = AbortSignal.timeout(60_000);
  for (let screen = await key.look(undefined, patience); screen.page === "signed";) {
    screen = await key.look(screen.version, patience);
  }
}
