import { WaitsFor } from "@countersign/key-protocol";
import type { Watch } from "../hid/hid-channel.ts";
import type { AttachedFido } from "../key/attached-key.ts";

/** Another key was touched: this one's wait is over. */
class OtherTouched extends Error {}

/**
 * Runs `work` in the turn of a key. Of several keys all wait for a touch, each in its own turn; the one that is touched
 * goes on, the others are told to cancel. Rejects with what `work` rejects with, or, when no key is left to be touched,
 * with why the last one went.
 */
export async function byTouch<T>(
  keys: readonly [AttachedFido, ...AttachedFido[]],
  watch: Watch,
  work: (key: AttachedFido) => Promise<T>,
): Promise<T> {
  const [only, ...more] = keys;
  if (more.length === 0) return only.queue.run(watch.signal, () => work(only));
  const decided = new AbortController();
  const waiting = AbortSignal.any([watch.signal, decided.signal]);
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  watch.onStep?.(WaitsFor.TOUCH);
  let left = keys.length;
  let touched: AttachedFido | undefined;
  const wait = async (key: AttachedFido): Promise<void> => {
    try {
      const value = await key.queue.run(waiting, async () => {
        await key.key.select({ signal: waiting });
        // Two touches at once: the first one that is heard of wins.
        if (touched !== undefined) throw new OtherTouched();
        touched = key;
        decided.abort(new OtherTouched());
        return work(key);
      });
      resolve(value);
    } catch (cause) {
      left--;
      if (touched === key || (touched === undefined && left === 0)) reject(cause);
    }
  };
  for (const key of keys) void wait(key);
  return promise;
}
