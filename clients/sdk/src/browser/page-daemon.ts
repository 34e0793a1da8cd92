import type {
  DeviceServiceClient,
  EnrolRequest,
  EnrolResponse,
  LocalKey,
  SetPinResponse,
  SignRequest,
  SignResponse,
} from "@countersign/proto/web/device/v1/device_service";
import type { PairingServiceClient } from "@countersign/proto/web/device/v1/pairing_service";
import type { CallOptionsOf } from "./page-core.ts";

/** Clients of the daemon's services over gRPC-Web on loopback, and how they take a token. */
export interface DaemonClients {
  readonly device: Pick<DeviceServiceClient, "listKeys" | "sign" | "enrol" | "setPin">;
  readonly pairing: PairingServiceClient;
  readonly bearer: CallOptionsOf<NonNullable<Parameters<DeviceServiceClient["listKeys"]>[1]>>;
  /** Whether the daemon said that this page is not paired, or no more. */
  readonly isNotPaired: (error: unknown) => boolean;
}

/** Where a page keeps the token of its pairing: localStorage, say. It is worth something on this machine alone. */
export interface PairingStore {
  read(): string | undefined;
  write(token: string | undefined): void;
}

/** The daemon of the PC that the page is on. Calls reject as the page's own client does. */
export class PageDaemon {
  readonly #clients: DaemonClients;
  readonly #store: PairingStore;

  constructor(clients: DaemonClients, store: PairingStore) {
    this.#clients = clients;
    this.#store = store;
  }

  /** This page was paired once; the daemon may have forgotten it since. */
  get wasPaired(): boolean {
    return this.#store.read() !== undefined;
  }

  /** Pairs: `show` is given the six digits that the user compares with those of the daemon's own prompt. */
  async pair(show: (digits: string) => void, signal: AbortSignal): Promise<void> {
    for await (const { event } of this.#clients.pairing.pair({}, { signal })) {
      if (event?.$case === "compareCode") show(event.value);
      if (event?.$case === "token") return this.#store.write(event.value);
    }
    throw new Error("the daemon ended the pairing without a token");
  }

  /** Ends the pairing, here also where the daemon cannot be reached. */
  async unpair(): Promise<void> {
    const token = this.#store.read();
    this.#store.write(undefined);
    if (token !== undefined) await this.#clients.pairing.unpair({}, this.#clients.bearer(token));
  }

  /** Keys that are plugged in. */
  listKeys(signal?: AbortSignal): Promise<readonly LocalKey[]> {
    return this.#paired(async (token) => (await this.#clients.device.listKeys({}, this.#bearer(token, signal))).keys);
  }

  /** Has a key show and sign. Aborting stops the key. */
  async *sign(request: Partial<SignRequest>, signal: AbortSignal): AsyncGenerator<SignResponse, void> {
    yield* this.#stream((token) => this.#clients.device.sign(request, this.#bearer(token, signal)));
  }

  /** Has a key enrol. */
  async *enrol(request: Partial<EnrolRequest>, signal: AbortSignal): AsyncGenerator<EnrolResponse, void> {
    yield* this.#stream((token) => this.#clients.device.enrol(request, this.#bearer(token, signal)));
  }

  /** Has a key ask its user for a new PIN. */
  async *setPin(deviceId: string, signal: AbortSignal): AsyncGenerator<SetPinResponse, void> {
    yield* this.#stream((token) => this.#clients.device.setPin({ deviceId }, this.#bearer(token, signal)));
  }

  #bearer(token: string, signal: AbortSignal | undefined): ReturnType<DaemonClients["bearer"]> {
    return this.#clients.bearer(token, signal);
  }

  async *#stream<T>(begin: (token: string) => AsyncIterable<T>): AsyncGenerator<T, void> {
    try {
      yield* begin(this.#store.read() ?? "");
    } catch (error) {
      this.#note(error);
      throw error;
    }
  }

  async #paired<T>(ask: (token: string) => Promise<T>): Promise<T> {
    try {
      return await ask(this.#store.read() ?? "");
    } catch (error) {
      this.#note(error);
      throw error;
    }
  }

  /** A pairing that was ended is forgotten here, too. */
  #note(error: unknown): void {
    if (this.#clients.isNotPaired(error)) this.#store.write(undefined);
  }
}
