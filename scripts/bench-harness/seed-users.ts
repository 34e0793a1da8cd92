import type { BenchUser } from "./bench-user.ts";
import { OfflineCore } from "./offline-core.ts";
import { inFlight } from "./wire.ts";

const AT_A_TIME = 64;

/** So many users with key and chat in a folder that no core serves. */
export async function seedUsers(
  folder: string,
  count: number,
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<BenchUser[]> {
  const began = performance.now();
  const offline = await OfflineCore.open(folder);
  try {
    const users: BenchUser[] = [];
    const indexes = Array.from({ length: count }, (_, index) => index);
    await inFlight(indexes, AT_A_TIME, signal, async (index) => void users.push(await offline.addUser(index)));
    say(`wrote ${count} users with key and chat in ${((performance.now() - began) / 1000).toFixed(1)} s`);
    return users;
  } finally {
    await offline.close();
  }
}
