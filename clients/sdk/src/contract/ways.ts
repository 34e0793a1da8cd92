import { join } from "node:path";
import { Kind, Label, type Field } from "@countersign/protocol";
import { tempFolder } from "@countersign/testing";
import { openCore as openWebCore } from "../browser/open-core.ts";
import { openDaemon as openWebDaemon } from "../browser/open-daemon.ts";
import type { ConfirmGiven, ConfirmRequest } from "../confirm.ts";
import type { CoreConnection } from "../core-connection.ts";
import type { DaemonConnection } from "../key-place.ts";
import { openCore } from "../node/core-connection.ts";
import { openDaemon } from "../node/daemon-connection.ts";
import type { Progress } from "../outcome.ts";
import { FakeCore, GRANT_TOKEN, serveWeb, startFakeDaemon, type FakeDaemon, type KeyAct } from "../testing/index.ts";
import { Token } from "../token.ts";

/** One way to core and daemon. What a confirmation comes to is the same over each. */
export interface Way {
  core(fake: FakeCore, token: string, options: CoreTimes): Promise<Reached<CoreConnection>>;
  daemon(fake: FakeDaemon): Promise<Reached<DaemonConnection>>;
}

export interface CoreTimes {
  readonly deadlineMs?: number;
  readonly patienceMs?: number;
  readonly onSilence?: () => void;
}

interface Reached<T> {
  readonly connection: T;
  /** Nobody answers there from now on. */
  leave(): void;
  close(): void;
}

export const WAYS: readonly (readonly [string, Way])[] = [
  [
    "gRPC",
    {
      core: async (fake, token, times) => {
        const connection = openCore({ address: fake.address, token: new Token(token), ...times });
        return { connection, leave: () => fake.stop(), close: () => connection.close() };
      },
      daemon: async (fake) => {
        const connection = openDaemon(fake.socket);
        return { connection, leave: () => fake.stop(), close: () => connection.close() };
      },
    },
  ],
  [
    "gRPC-Web",
    {
      core: async (fake, token, times) => {
        const web = await serveWeb(fake.services);
        const connection = openWebCore({ address: web.url, token, ...times });
        return { connection, leave: () => web.stop(), close: () => web.stop() };
      },
      daemon: async (fake) => {
        const web = await serveWeb(fake.services);
        let kept: string | undefined = "cs_pair_AAAA";
        const pairing = { read: () => kept, write: (token: string | undefined) => void (kept = token) };
        return {
          connection: openWebDaemon({ port: web.port, pairing }),
          leave: () => web.stop(),
          close: () => web.stop(),
        };
      },
    },
  ],
];

const FIELDS: readonly Field[] = [
  { label: Label.AMOUNT, value: { type: "amount", amount: { currency: "EUR", minorUnits: 125000n } } },
  { label: Label.TO, value: { type: "text", text: "Müller GmbH" } },
  { label: Label.ACCOUNT, value: { type: "account", account: { iban: "DE89370400440532013000" } } },
  { label: Label.REFERENCE, value: { type: "text", text: "Invoice 2026-114" } },
];

export const PAYMENT: ConfirmRequest = {
  ...{ userId: "ada", kind: Kind.PAY, fields: FIELDS },
  payload: new Uint8Array(32).fill(7),
};

const folder = tempFolder();
let sockets = 0;

/** A core, a daemon with a key, and a client of both. */
export class Scene {
  readonly core: FakeCore;
  readonly daemon: FakeDaemon;
  readonly given: ConfirmGiven;
  readonly stop: AbortController = new AbortController();
  readonly #core: Reached<CoreConnection>;
  readonly #daemon: Reached<DaemonConnection>;

  private constructor(
    [core, daemon]: readonly [FakeCore, FakeDaemon],
    reached: { readonly core: Reached<CoreConnection>; readonly daemon: Reached<DaemonConnection> },
  ) {
    this.core = core;
    this.daemon = daemon;
    this.#core = reached.core;
    this.#daemon = reached.daemon;
    this.given = {
      ...{ core: reached.core.connection, daemon: reached.daemon.connection },
      pinned: { serverId: core.serverId, publicKeys: [core.receiptKey.coseKey] },
      pause: () => new Promise((resolve) => setImmediate(resolve)),
      signal: this.stop.signal,
    };
  }

  static async set(way: Way, acts: readonly KeyAct[] = [], times: CoreTimes = {}): Promise<Scene> {
    const fake = await new FakeCore().start();
    const device = await startFakeDaemon(join(folder, `${(sockets += 1)}.sock`), acts);
    fake.userKey = device.key;
    const reached = { core: await way.core(fake, GRANT_TOKEN, times), daemon: await way.daemon(device) };
    return new Scene([fake, device], reached);
  }

  coreLeaves(): void {
    this.#core.leave();
  }

  daemonLeaves(): void {
    this.#daemon.leave();
  }

  end(): void {
    this.#core.close();
    this.#daemon.close();
    this.core.stop();
    this.daemon.stop();
  }
}

/** All that a confirmation reports. */
export async function allOf(events: AsyncIterable<Progress>): Promise<Progress[]> {
  const seen: Progress[] = [];
  for await (const event of events) seen.push(event);
  return seen;
}
