import type { MacKey } from "@countersign/protocol";
import { checkCodeKeys } from "./check-code-keys.ts";
import { KeyNames } from "./key-names.ts";
import { openRedisLink } from "./open-redis-link.ts";
import { LinkError, type RedisLink } from "./redis-link.ts";
import { RedisStore } from "./redis-store.ts";
import { checkKey, findUnsafeSettings, hasWaitAof, isMarked, UnsafeRedisError } from "./start-checks.ts";
import type { LinkOptions } from "./standalone-link.ts";
import { IntegrityError, StoreUnavailableError } from "../store.ts";
import type { StoreUrl } from "./store-url.ts";

/** How a core opens its store over Redis. */
export interface OpenRedisOptions {
  readonly url: StoreUrl;
  readonly password: string | undefined;
  /** PEM text of the authority that vouches for the servers, in place of those that the system trusts. */
  readonly ca: string | undefined;
  /** Replicas that must hold a change before it counts. */
  readonly replicas: number;
  /** K_store. Asked for after it is known whether the servers hold a store: a new key beside an old store would be no use. */
  readonly keyFor: (isNew: boolean) => MacKey;
  /** Every K_code of the secrets by its number, as an id; asked for after the key. Absent: whoever opens it judges no code. */
  readonly codeKeyIds?: () => ReadonlyMap<number, string>;
  /** Makes a store of servers that hold none; without it they must hold one. */
  readonly create: boolean;
  /** Also with settings under which acknowledged work may vanish. */
  readonly development: boolean;
  /** What an operator should read: weak settings, lost connections. */
  readonly onTrouble: (error: Error) => void;
}

/** First part of every key's name. */
export const PREFIX = "countersign";

/** Every call ends after this long. */
const DEADLINE_MS = 4000;
/** Of it, how long the replicas may take. */
const WAIT_MS = 1500;

/** Rejects with UnsafeRedisError, IntegrityError (another K_store), StoreUnavailableError. The messages say what to do. */
export async function openRedisStore(options: OpenRedisOptions): Promise<RedisStore> {
  try {
    return await open(options);
  } catch (error) {
    if (error instanceof LinkError) throw new StoreUnavailableError(error.message, { cause: error });
    throw error;
  }
}

async function open(options: OpenRedisOptions): Promise<RedisStore> {
  const { link, macKey } = await openChecked(options);
  try {
    const store = new RedisStore({ link, macKey, prefix: PREFIX, onTrouble: options.onTrouble });
    await store.listen();
    return store;
  } catch (error) {
    await link.close();
    throw error;
  }
}

/** The servers, their settings looked at, and the key under which they were written. Rejects also with LinkError. */
export async function openChecked(
  options: OpenRedisOptions,
): Promise<{ readonly link: RedisLink; readonly macKey: MacKey }> {
  const { url, password, ca, onTrouble, replicas } = options;
  const linkOptions: LinkOptions = {
    ...{
      servers: url.servers,
      tls: url.tls ? { ca } : undefined,
      username: url.username,
      password,
      database: url.database,
      onTrouble,
    },
    ...{ deadlineMs: DEADLINE_MS, durability: { replicas, waitAof: false, waitMs: WAIT_MS } },
  };
  let link = await openRedisLink(linkOptions, url.master);
  try {
    if (await hasWaitAof(link)) {
      const durability = { ...linkOptions.durability, waitAof: true };
      await link.close();
      link = await openRedisLink({ ...linkOptions, durability }, url.master);
    }
    for (const { degree, text } of await findUnsafeSettings(link, replicas)) {
      if (degree === "unsafe" && !options.development) throw new UnsafeRedisError(text);
      onTrouble(new UnsafeRedisError(text));
    }
    const names = new KeyNames(PREFIX);
    const isNew = !(await isMarked(link, names));
    if (isNew && !options.create) {
      throw new IntegrityError("Redis holds no store of Countersign: run bootstrap first, or name the right server");
    }
    const macKey = options.keyFor(isNew);
    await checkKey(link, names, macKey, { create: options.create });
    if (options.codeKeyIds !== undefined) await checkCodeKeys(link, names, options.codeKeyIds());
    return { link, macKey };
  } catch (error) {
    await link.close();
    throw error;
  }
}
