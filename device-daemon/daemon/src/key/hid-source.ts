import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import { deviceOf } from "../hid/device-identity.ts";
import { type HidApi, type ListedInterface, nodeHid } from "../hid/hid-api.ts";
import { type KeyInterface, keyInterfacesOf } from "../hid/key-interface.ts";
import { LinkError } from "../hid/link-error.ts";
import { NodeHidTransport } from "../hid/node-hid-transport.ts";
import { permissionFix } from "../hid/permission-fix.ts";
import type { KeyRegistry } from "./key-registry.ts";

/** How often the bus is looked at, in milliseconds: a key that is seen twice is opened, which makes 2 s at most. */
export const POLL_MS = 700;

/** A device that opened and then did not speak as a key is tried again after this time, then ever later; milliseconds. */
const MUTE_MS = { first: 1_000, most: 30_000 };

/** What the search for keys works with; all but the registry's doings have defaults. */
export interface HidSourceGiven {
  readonly registry: Pick<KeyRegistry, "attach" | "setDenied">;
  readonly log: Logger;
  readonly api?: HidApi;
  /** See device-identity.ts. */
  readonly deviceOf?: (each: ListedInterface) => string;
  /** Milliseconds between two looks. */
  readonly pollMs?: number;
  /** Milliseconds that never go back. */
  readonly now?: () => number;
}

/** Looks for real keys until `signal`: opens new ones, lets go of those that left. Resolves when all are let go. */
export async function watchHid(given: HidSourceGiven, signal: AbortSignal): Promise<void> {
  const source = new HidSource(given);
  while (!signal.aborted) {
    await source.look();
    await sleep(given.pollMs ?? POLL_MS, undefined, { signal }).catch(() => undefined);
  }
  await source.close();
}

/** What is known of a path while it is listed. */
interface Place {
  seen: KeyInterface;
  /** Looks in a row at which it was missing. */
  missed: number;
  transport?: NodeHidTransport;
  /** It is being opened, or a key is attached. */
  busy: boolean;
  /** Not opened before this time. */
  notBefore: number;
  pause: number;
}

/** The keys on the bus, as they were at the last look. */
export class HidSource {
  readonly #registry: HidSourceGiven["registry"];
  readonly #log: Logger;
  readonly #api: HidApi;
  readonly #deviceOf: (each: ListedInterface) => string;
  readonly #now: () => number;
  readonly #places = new Map<string, Place>();
  readonly #works = new Set<Promise<void>>();
  #told = "";

  constructor(given: HidSourceGiven) {
    this.#registry = given.registry;
    this.#log = given.log;
    this.#api = given.api ?? nodeHid;
    this.#deviceOf = given.deviceOf ?? ((each) => deviceOf(each));
    this.#now = given.now ?? (() => performance.now());
  }

  /** Looks once. Never rejects. */
  async look(): Promise<void> {
    let listed: readonly ListedInterface[];
    try {
      listed = await this.#api.devices();
      this.#told = "";
    } catch (cause) {
      this.#cannotLook(String(cause));
      return;
    }
    const found = new Map(keyInterfacesOf(listed, this.#deviceOf).map((each) => [each.path, each]));
    for (const [path, place] of this.#places) if (!found.has(path)) this.#miss(path, place);
    for (const each of found.values()) this.#meet(each);
  }

  /** Lets go of all keys. */
  async close(): Promise<void> {
    for (const { transport } of this.#places.values()) transport?.close();
    this.#places.clear();
    await Promise.all(this.#works);
  }

  #cannotLook(why: string): void {
    if (why !== this.#told) {
      this.#log.warn({ cause: why }, "USB cannot be searched for keys; on Debian: apt-get install libusb-1.0-0");
    }
    this.#told = why;
  }

  // The system tells who has opened a device that it has left; the list is the second witness, and heard twice.
  #miss(path: string, place: Place): void {
    if (++place.missed < 2 && place.transport !== undefined) return;
    place.transport?.close();
    this.#registry.setDenied(path, undefined);
    this.#places.delete(path);
  }

  // The interfaces of one key appear one after the other. FIDO's is opened at the second look, when it is known whether
  // ours is beside it.
  #meet(seen: KeyInterface): void {
    const place = this.#places.get(seen.path);
    if (place === undefined || place.seen.kind !== seen.kind) {
      place?.transport?.close();
      this.#places.set(seen.path, { seen, missed: 0, busy: false, notBefore: 0, pause: MUTE_MS.first });
      if (seen.kind === "fido2") return;
    }
    const now = this.#places.get(seen.path);
    if (now === undefined) return;
    now.missed = 0;
    if (now.busy || this.#now() < now.notBefore) return;
    const work: Promise<void> = this.#open(now).finally(() => this.#works.delete(work));
    this.#works.add(work);
  }

  async #open(place: Place): Promise<void> {
    const { path, kind } = place.seen;
    place.busy = true;
    try {
      const transport = await NodeHidTransport.open(path, this.#api);
      this.#registry.setDenied(path, undefined);
      if (this.#places.get(path) !== place) return transport.close();
      place.transport = transport;
      const wasKey = await this.#registry.attach(transport, kind);
      place.notBefore = wasKey ? 0 : this.#now() + place.pause;
      place.pause = wasKey ? MUTE_MS.first : Math.min(place.pause * 2, MUTE_MS.most);
    } catch (cause) {
      if (!(cause instanceof LinkError)) throw cause;
      const isDenied = cause.fault === "permission" && this.#places.get(path) === place;
      this.#registry.setDenied(path, isDenied ? permissionFix(kind, path, process.platform) : undefined);
    } finally {
      delete place.transport;
      place.busy = false;
    }
  }
}
