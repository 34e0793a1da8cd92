// First of all: it gives the SDK the IndexedDB that the store watches.
import { CryptoStore } from "../crypto-store/crypto-store.ts";
import { ChannelError, isLoopback, type BotLog, type Secret, type Timer } from "@countersign/bot-kit";
import { ClientEvent, type MatrixClient } from "matrix-js-sdk/lib/client.js";
import { AllDevicesIsolationMode, OnlySignedDevicesIsolationMode } from "matrix-js-sdk/lib/crypto-api/index.js";
import { HttpApiEvent } from "matrix-js-sdk/lib/http-api/interface.js";
import { createClient } from "matrix-js-sdk/lib/matrix.js";
import { SyncState } from "matrix-js-sdk/lib/sync.js";
import { keptAccount, logIn, ownKeysAtServer, retireDevice, type Account } from "./account.ts";
import { StoreError } from "../crypto-store/store-error.ts";
import { bounded } from "./bounded.ts";
import { ensureIdentity, hasIdentity } from "./bot-identity.ts";
import { GuardedFetch } from "./guarded-fetch.ts";
import { ApiRefusal, HomeserverApi, refusalIn } from "./homeserver-api.ts";
import { MatrixSession } from "./matrix-session.ts";
import { quietConsole, quietLogger } from "./quiet-sdk.ts";
import { readRecoveryKey } from "./recovery-key.ts";
import { classifyFailure } from "./send-failure.ts";
import { SetupRefused } from "./setup-refused.ts";

/** What a session is opened with. */
export interface SessionOptions {
  /** Such as `https://matrix.example.org`; nothing else is ever spoken to. */
  readonly homeserver: string;
  /** Such as `@countersign:example.org`. */
  readonly userId: string;
  readonly password: Secret;
  /** Of this bot alone; made when absent. Holds the device: keys, ratchets, access token, sealed. */
  readonly storeFolder: string;
  /** 32 bytes. */
  readonly storeKey: Uint8Array;
  /** Written at the first start; brings the bot's identity back when the folder is lost. */
  readonly recoveryKeyFile: string;
  /** "signed": messages go to devices that their owners signed. "all": to all, for phones that cannot sign. */
  readonly isolation: "signed" | "all";
  readonly timer: Timer;
  readonly log: BotLog;
  /** Ends the attempts to open; a session that is open is ended by `close`. */
  readonly signal: AbortSignal;
  /** Events of each room that the first sync brings: what people wrote while no bot ran. 50 when absent. */
  readonly initialEvents?: number;
  /** For tests: takes the place of the machine's own. */
  readonly fetch?: typeof fetch;
}

const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 15_000;

/**
 * Opens the bot's device. Keeps trying while the homeserver is away. Rejects with SetupRefused or StoreError, whose
 * messages say what to do, when trying again changes nothing; with the signal's reason when that aborts first.
 */
export async function openSession(given: SessionOptions): Promise<MatrixSession> {
  const homeserver = readHomeserver(given.homeserver);
  if (!/^@[^\s:]+:\S+$/.test(given.userId)) {
    throw new SetupRefused(`--matrix-user ${given.userId} is no Matrix user id: such as @countersign:example.org`);
  }
  given.signal.throwIfAborted();
  const speak = quietConsole();
  let store: CryptoStore | undefined;
  try {
    store = await CryptoStore.open({ folder: given.storeFolder, key: given.storeKey });
    return await new Opening(given, homeserver, store, speak).run();
  } catch (error) {
    await store?.close().catch(() => undefined);
    speak();
    throw error;
  }
}

class Opening {
  readonly #given: SessionOptions;
  readonly #homeserver: URL;
  readonly #store: CryptoStore;
  readonly #speak: () => void;
  readonly #guard: GuardedFetch;
  readonly #api: HomeserverApi;
  readonly #renewing: HomeserverApi;
  readonly #life = new AbortController();
  readonly #ended = Promise.withResolvers<void>();
  #client: MatrixClient | undefined;
  #renewal: Promise<string | undefined> | undefined;

  constructor(given: SessionOptions, homeserver: URL, store: CryptoStore, speak: () => void) {
    this.#given = given;
    this.#homeserver = homeserver;
    this.#store = store;
    this.#speak = speak;
    const guarding = {
      homeserver,
      flush: () => store.flush(),
      ...(given.fetch === undefined ? {} : { fetch: given.fetch }),
    };
    this.#guard = new GuardedFetch({
      ...guarding,
      renew: (token) => (this.#renewal ??= this.#renew(token).finally(() => (this.#renewal = undefined))),
    });
    this.#api = new HomeserverApi(homeserver, this.#guard.fetch);
    // Not through the guard of the session: a renewal must not wait for itself.
    this.#renewing = new HomeserverApi(homeserver, new GuardedFetch(guarding).fetch);
  }

  async run(): Promise<MatrixSession> {
    const account = await this.#persist(() => this.#signIn());
    const client = this.#makeClient(account);
    this.#client = client;
    client.on(HttpApiEvent.SessionLoggedOut, () => this.#ended.resolve());
    try {
      await client.initRustCrypto({ cryptoDatabasePrefix: this.#store.prefix });
      const crypto = client.getCrypto();
      if (crypto === undefined) throw new Error("the SDK has no crypto");
      crypto.setDeviceIsolationMode(
        this.#given.isolation === "signed" ? new OnlySignedDevicesIsolationMode() : new AllDevicesIsolationMode(false),
      );
      await this.#startSync(client, this.#ended.promise);
      if (!hasIdentity(this.#store)) {
        const { password, recoveryKeyFile, signal } = this.#given;
        const [store, api] = [this.#store, this.#api];
        await this.#persist(() =>
          ensureIdentity({ client, crypto, api, store, account, password, recoveryKeyFile, signal }),
        );
      }
      await this.#store.flush();
    } catch (error) {
      this.#guard.shut();
      this.#life.abort();
      client.stopClient();
      throw error;
    }
    return this.#session(client, account);
  }

  #session(client: MatrixClient, account: Account): MatrixSession {
    let released: Promise<void> | undefined;
    const release = async (): Promise<void> => {
      client.stopClient();
      this.#guard.shut();
      this.#life.abort();
      client.http.abort();
      try {
        await this.#store.close();
      } finally {
        this.#speak();
      }
    };
    return new MatrixSession({
      client,
      guard: this.#guard,
      deviceId: account.deviceId,
      signedOnly: this.#given.isolation === "signed",
      ended: this.#ended.promise,
      release: () => (released ??= release()),
    });
  }

  /** The kept device if the server still knows it, under a new token if need be; else a new one. */
  async #signIn(): Promise<Account> {
    const { userId, password, signal } = this.#given;
    const [api, store] = [this.#api, this.#store];
    const kept = keptAccount(store, userId);
    if (kept === undefined || kept.accessToken === "") return logIn(api, store, { userId, password }, signal);
    // A token that the server forgot is renewed by the guard, under the same device: it remembers transaction ids by it.
    if ((await ownKeysAtServer(api, kept, signal)).device) return keptAccount(store, userId) ?? kept;
    if (!hasIdentity(store)) return keptAccount(store, userId) ?? kept; // its keys were never uploaded
    await retireDevice(store, userId);
    return logIn(api, store, { userId, password }, signal);
  }

  /** A new token of the same device; undefined when there is none, and then an open session is over. */
  async #renew(token: string): Promise<string | undefined> {
    const { userId, password } = this.#given;
    const kept = keptAccount(this.#store, userId);
    if (kept === undefined || kept.accessToken !== token) return kept?.accessToken; // renewed meanwhile
    try {
      const { deviceId } = kept;
      const signal = this.#life.signal;
      const account = await logIn(this.#renewing, this.#store, { userId, password, deviceId }, signal);
      this.#client?.setAccessToken(account.accessToken);
      if (this.#client === undefined) return account.accessToken;
      if ((await ownKeysAtServer(this.#renewing, account, signal)).device) return account.accessToken;
    } catch (error) {
      if (refusalIn(error)?.status !== 403) throw error; // as if there had been no answer: the SDK asks again
    }
    this.#ended.resolve();
    return undefined;
  }

  #makeClient(account: Account): MatrixClient {
    return createClient({
      baseUrl: this.#homeserver.href.replace(/\/$/, ""),
      userId: account.userId,
      deviceId: account.deviceId,
      accessToken: account.accessToken,
      fetchFn: this.#guard.fetch,
      logger: quietLogger,
      localTimeoutMs: 60_000,
      cryptoCallbacks: {
        getSecretStorageKey: ({ keys }) => {
          const key = readRecoveryKey(this.#given.recoveryKeyFile);
          const id = Object.keys(keys)[0];
          return Promise.resolve(key === undefined || id === undefined ? null : [id, key]);
        },
      },
    });
  }

  async #startSync(client: MatrixClient, ended: Promise<void>): Promise<void> {
    const { signal, initialEvents = 50 } = this.#given;
    const prepared = Promise.withResolvers<void>();
    const look = (state: SyncState): void => {
      if (state === SyncState.Prepared || state === SyncState.Syncing) prepared.resolve();
    };
    const abort = (): void => prepared.reject(signal.reason);
    client.on(ClientEvent.Sync, look);
    signal.addEventListener("abort", abort, { once: true });
    try {
      if (signal.aborted) abort();
      await client.startClient({ initialSyncLimit: initialEvents, lazyLoadMembers: false, disablePresence: true });
      await Promise.race([
        prepared.promise,
        ended.then(() => {
          throw new Error("the homeserver ended the session while it was being opened");
        }),
      ]);
    } finally {
      client.off(ClientEvent.Sync, look);
      signal.removeEventListener("abort", abort);
    }
  }

  /** Repeats until it succeeds, is refused for good, or the signal aborts. */
  async #persist<T>(attempt: () => Promise<T>): Promise<T> {
    const { timer, log, signal } = this.#given;
    for (let retryMs = FIRST_RETRY_MS; ; retryMs = Math.min(retryMs * 2, LAST_RETRY_MS)) {
      signal.throwIfAborted();
      try {
        return await bounded(signal, attempt());
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof SetupRefused || error instanceof StoreError || isBug(error)) throw error;
        const failure = this.#refuseForGood(error);
        const wait = Math.max(retryMs, failure.retryAfterMs ?? 0);
        log.write({ event: "listening-failed", detail: failure.detail, retryInMs: wait });
        await timer.sleep(wait, signal);
      }
    }
  }

  #refuseForGood(error: unknown): ChannelError {
    const refusal = refusalIn(error);
    const { userId } = this.#given;
    if (refusal?.errcode === "M_FORBIDDEN" || refusal?.errcode === "M_USER_DEACTIVATED" || refusal?.status === 401) {
      throw new SetupRefused(
        `the homeserver refused ${userId} with the password of --matrix-password-file (${refusal.errcode}): check user and password`,
      );
    }
    if (error instanceof ApiRefusal) {
      const { status, retryAfterMs } = error;
      if (status === 429) return new ChannelError({ fate: "not-sent", detail: "rate-limited", retryAfterMs });
      return new ChannelError({ fate: "not-sent", detail: `http-${status}` });
    }
    return classifyFailure(error);
  }
}

/** Trying again helps nobody. Errors of `fetch` are TypeErrors too, and have a cause. */
function isBug(error: unknown): boolean {
  const { name, cause } = error as { name?: unknown; cause?: unknown };
  return ["TypeError", "ReferenceError", "RangeError"].includes(String(name)) && cause === undefined;
}

function readHomeserver(text: string): URL {
  const url = URL.parse(text);
  if (url === null || !["http:", "https:"].includes(url.protocol) || url.pathname !== "/" || url.search !== "") {
    throw new SetupRefused(`--homeserver ${text} is no address of a homeserver: such as https://matrix.example.org`);
  }
  if (url.protocol === "http:" && !isLoopback(url.hostname)) {
    throw new SetupRefused(
      `--homeserver ${text}: without TLS password and token can be read on the way: use https, or http on this machine`,
    );
  }
  return url;
}
