import { IntegrityError } from "../store.ts";
import type { KeyNames } from "./key-names.ts";
import type { RedisLink } from "./redis-link.ts";

/**
 * Refuses a core that knows another K_code under a number than the cores before it: it would take right codes for wrong
 * ones. The first core that knows a key says which one it is.
 */
export async function checkCodeKeys(link: RedisLink, names: KeyNames, ids: ReadonlyMap<number, string>): Promise<void> {
  for (const [number, id] of ids) {
    const name = names.codeKey(number);
    await link.command(name, ["SET", name, id, "NX"]);
    if ((await link.command(name, ["GET", name])) === id) continue;
    throw new IntegrityError(
      `K_code ${number} in the secrets folder is not the one of the other cores: a key is added once, and the folder copied ` +
        `to all of them. If none of them has the other one, delete ${name} in Redis`,
    );
  }
}
