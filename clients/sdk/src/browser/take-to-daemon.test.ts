import { type ClientClass, decodeContent, fromHex, Kind, Label } from "@countersign/protocol";
import { Step, type SignRequest, type SignResponse } from "@countersign/proto/web/device/v1/device_service";
import { expect, test } from "@jest/globals";
import type { OpenTransaction } from "../transaction-view.ts";
import { PageDaemon, type DaemonClients } from "./page-daemon.ts";
import type { PageCore, Submitted } from "./page-core.ts";
import { takeToDaemon } from "./take-to-daemon.ts";

const OPEN: OpenTransaction = {
  ...{
    transactionId: "11".repeat(16),
    serverId: "22".repeat(16),
    nonce: new Uint8Array(32).fill(3),
    tag: "AMBER TIGER",
  },
  ...{
    kind: Kind.LOGIN,
    contentVersion: 1,
    issuer: "Example admin",
    mode: 2,
    keyIds: ["33".repeat(16)],
    fido: undefined,
  },
  ...{ lines: [{ label: Label.TARGET, value: "Console" }], lifetimeMs: 120_000 },
};

const signed = (rejected = false): SignResponse => ({
  event: { $case: "signed", value: { signedStatement: new Uint8Array([1, 2, 3]), rejected } },
});
const step = (value: Step): SignResponse => ({ event: { $case: "step", value } });

class Refused extends Error {
  readonly class: ClientClass;
  constructor(of: ClientClass) {
    super(of);
    this.class = of;
  }
}

/** A daemon that answers with these, one list a Sign; a core that refuses with these in turn, then takes it. */
function given(rounds: SignResponse[][], refusals: (ClientClass | Error)[] = []) {
  const asked: Partial<SignRequest>[] = [];
  const handed: Submitted[] = [];
  let kept: string | undefined = "cs_pair_x";
  const device = {
    sign: async function* (request: Partial<SignRequest>) {
      asked.push(request);
      const answers = rounds.shift();
      if (answers === undefined) throw new Refused("ENDED");
      yield* answers;
    },
  };
  const clients = {
    ...{ device, pairing: {}, bearer: (token: string) => ({ token }) },
    isNotPaired: (error: unknown) => error instanceof Refused && error.class === "ENDED",
  } as unknown as DaemonClients;
  const daemon = new PageDaemon(clients, { read: () => kept, write: (token) => void (kept = token) });
  const core: PageCore = {
    submit: async (what) => {
      handed.push(what);
      const refusal = refusals.shift();
      if (refusal !== undefined) throw refusal instanceof Error ? refusal : new Refused(refusal);
    },
    classOf: (error) => (error instanceof Refused ? error.class : undefined),
  };
  const pauses: number[] = [];
  const pause = async (ms: number): Promise<void> => void pauses.push(ms);
  const { signal } = new AbortController();
  return { asked, handed, pauses, kept: () => kept, to: { daemon, core, pause, signal, requester: "a test" } };
}

const all = async <T>(events: AsyncIterable<T>): Promise<T[]> => {
  const seen: T[] = [];
  for await (const event of events) seen.push(event);
  return seen;
};

test("the key is asked with the core's content, and what it signed is handed in", async () => {
  const { asked, handed, to } = given([[step(Step.SHOWING), step(Step.PIN), signed()]]);
  expect(await all(takeToDaemon(OPEN, to))).toEqual([
    { type: "step", step: Step.SHOWING },
    { type: "step", step: Step.PIN },
    { type: "signed", rejected: false },
    { type: "taken" },
  ]);
  expect(handed).toEqual([{ type: "statement", signedStatement: new Uint8Array([1, 2, 3]) }]);
  const [{ content, transactionId, mode, keyIds, expiresInS } = {}] = asked;
  expect({ transactionId, mode, keyIds }).toEqual({ transactionId: OPEN.transactionId, mode: 2, keyIds: OPEN.keyIds });
  expect(expiresInS).toBeGreaterThan(0);
  expect(decodeContent(content ?? fromHex(""))).toMatchObject({
    kind: Kind.LOGIN,
    issuer: "Example admin",
    lines: OPEN.lines,
  });
});

test("after a wrong code the key is asked again; after anything else it is left in peace", async () => {
  const again = given([[signed()], [signed()]], ["TRY_AGAIN"]);
  expect((await all(takeToDaemon(OPEN, again.to))).map(({ type }) => type)).toEqual([
    "signed",
    "refused",
    "signed",
    "taken",
  ]);
  for (const refusal of ["NOT_CONFIRMED", "TAMPERED", "ENDED"] as const) {
    const over = given([[signed()], [signed()]], [refusal]);
    expect((await all(takeToDaemon(OPEN, over.to))).at(-1)).toEqual({ type: "refused", class: refusal });
    expect(over.asked).toHaveLength(1);
  }
});

test("a busy core is given the same statement again, some times", async () => {
  const busy = given([[signed()]], ["BUSY", "BUSY"]);
  expect((await all(takeToDaemon(OPEN, busy.to))).at(-1)).toEqual({ type: "taken" });
  expect([busy.handed.length, busy.pauses]).toEqual([3, [1_000, 1_000]]);
  const ever = given(
    [[signed()]],
    Array.from({ length: 50 }, () => "BUSY" as const),
  );
  expect((await all(takeToDaemon(OPEN, ever.to))).at(-1)).toEqual({ type: "refused", class: "BUSY" });
  expect(ever.handed).toHaveLength(10);
});

test("no more than ten rounds, whatever core and key do", async () => {
  const endless = given(
    Array.from({ length: 50 }, () => [signed()]),
    Array.from({ length: 50 }, () => "TRY_AGAIN" as const),
  );
  await all(takeToDaemon(OPEN, endless.to));
  expect(endless.asked).toHaveLength(10);
});

test("what breaks is passed on, and a pairing that the daemon ended is forgotten", async () => {
  const broken = given([[signed()]], [new Error("the network")]);
  await expect(all(takeToDaemon(OPEN, broken.to))).rejects.toThrow("the network");
  expect(broken.kept()).toBe("cs_pair_x");
  const silent = given([[step(Step.SHOWING)]]);
  await expect(all(takeToDaemon(OPEN, silent.to))).rejects.toThrow("no answer");
  const unpaired = given([]);
  await expect(all(takeToDaemon(OPEN, unpaired.to))).rejects.toThrow("ENDED");
  expect(unpaired.kept()).toBeUndefined();
});
