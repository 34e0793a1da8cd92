// As many callers as the core can serve, then many times as many, each with one payment at a time: what gets done.
import { setTimeout as sleep } from "node:timers/promises";
import { status, type ServiceError } from "@grpc/grpc-js";
import { UserServiceService } from "@countersign/proto/node/core/v1/user_service";
import { Wire } from "../../bench-harness/wire.ts";
import { bearer } from "../installation.ts";
import { startOwnCore } from "../own-core.ts";

export interface OverloadPhase {
  readonly callers: number;
  /** Calls that were answered OK, a second. */
  readonly goodPerSecond: number;
  readonly refusedPerSecond: number;
  readonly okP50Ms: number;
  readonly okP99Ms: number;
  readonly refusedP50Ms: number;
  readonly refusedP99Ms: number;
  /** CPU of the core for one call that was answered OK, all else counted in. */
  readonly cpuMsPerGood: number;
}

export interface Overload {
  readonly peak: OverloadPhase;
  /** Callers that ask again at once, whatever they were told. */
  readonly rude: OverloadPhase;
  /** Callers that wait as long as RetryInfo says. */
  readonly polite: OverloadPhase;
  readonly goodputRude: number;
  readonly goodputPolite: number;
  /** Anything but OK and RESOURCE_EXHAUSTED. */
  readonly otherErrors: number;
}

const AT_CAPACITY = 64;
const CONNECTIONS = 16;
/** The middle of what RetryInfo says. */
const POLITE_MS = 1000;

export async function measureOverload(
  folder: string,
  { seconds, times }: { readonly seconds: number; readonly times: number },
  say: (line: string) => void,
): Promise<Overload> {
  const core = await startOwnCore(folder);
  const wire = new Wire(core.address, CONNECTIONS, bearer(core.tokens.submit));
  const load = new Load(wire, () => core.cpuMs());
  try {
    await load.run(AT_CAPACITY, 2, 0);
    const peak = await load.run(AT_CAPACITY, seconds, 0);
    say(`peak: ${peak.goodPerSecond}/s`);
    const rude = await load.run(times * AT_CAPACITY, seconds, 0);
    say(`${times} times, asking again at once: ${rude.goodPerSecond}/s and ${rude.refusedPerSecond}/s refused`);
    const polite = await load.run(times * AT_CAPACITY, seconds, POLITE_MS);
    say(`${times} times, waiting as told: ${polite.goodPerSecond}/s and ${polite.refusedPerSecond}/s refused`);
    const share = (phase: OverloadPhase): number => Number((phase.goodPerSecond / peak.goodPerSecond).toFixed(3));
    return {
      ...{ peak, rude, polite, goodputRude: share(rude), goodputPolite: share(polite) },
      otherErrors: load.otherErrors,
    };
  } finally {
    wire.close();
    await core.stop();
  }
}

/** Writes: each call makes a user, which is one durable commit. */
class Load {
  otherErrors = 0;
  readonly #wire: Wire;
  readonly #cpuMs: () => number;
  #made = 0;

  constructor(wire: Wire, cpuMs: () => number) {
    this.#wire = wire;
    this.#cpuMs = cpuMs;
  }

  async run(callers: number, seconds: number, politeMs: number): Promise<OverloadPhase> {
    const ok: number[] = [];
    const refused: number[] = [];
    const cpu = this.#cpuMs();
    const began = performance.now();
    const end = began + 1000 * seconds;
    const caller = async (): Promise<void> => {
      while (performance.now() < end) {
        const asked = performance.now();
        const answer = await this.#call();
        (answer === "ok" ? ok : refused).push(performance.now() - asked);
        if (answer === "refused" && politeMs > 0) await sleep(politeMs * (0.5 + Math.random()));
      }
    };
    await Promise.all(Array.from({ length: callers }, caller));
    const took = (performance.now() - began) / 1000;
    return {
      ...{ callers, goodPerSecond: Math.round(ok.length / took), refusedPerSecond: Math.round(refused.length / took) },
      ...{
        okP50Ms: at(ok, 0.5),
        okP99Ms: at(ok, 0.99),
        refusedP50Ms: at(refused, 0.5),
        refusedP99Ms: at(refused, 0.99),
      },
      cpuMsPerGood: Number(((this.#cpuMs() - cpu) / Math.max(1, ok.length)).toFixed(3)),
    };
  }

  async #call(): Promise<"ok" | "refused"> {
    const userId = `load-${this.#made++}`;
    try {
      await this.#wire.call(UserServiceService.create, {
        requestId: userId,
        userId,
        phrase: "blue teapot",
        locale: "en",
      });
      return "ok";
    } catch (error) {
      if ((error as ServiceError).code !== status.RESOURCE_EXHAUSTED) this.otherErrors += 1;
      return "refused";
    }
  }
}

function at(all: readonly number[], share: number): number {
  const sorted = all.toSorted((one, other) => one - other);
  return Number((sorted[Math.floor(share * (sorted.length - 1))] ?? 0).toFixed(1));
}
