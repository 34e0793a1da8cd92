import { isLoopback, type Listen, type TlsFiles } from "../config.ts";
import type { Store } from "../store/store.ts";
import type { Line } from "../rpc/overload.ts";
import type { Sweeper } from "../sweep.ts";
import { CoreMetrics } from "./core-metrics.ts";
import { CountedStore } from "./counted-store.ts";
import type { Commit } from "./label-sets.ts";
import { StoreProbe, whyNotReady, type Unready } from "./readiness.ts";
import { WriteWatch } from "./write-watch.ts";
import { serveAdmin, type AdminServing } from "./serve-admin.ts";

/** What readiness is judged by. */
export interface Watched {
  readonly store: Store;
  readonly sweeper: Pick<Sweeper, "sweptAt">;
  readonly draining: AbortSignal;
  /** Calls before the handlers. */
  readonly line: () => Line;
}

/** Counts, and says so on the admin listener; one a core. */
export class Monitor {
  readonly metrics: CoreMetrics = new CoreMetrics();
  readonly #writes = new WriteWatch();
  #listening = false;
  #serving: AdminServing | undefined;

  /** Answers from now on, "starting" until `setListening`. Returns HOST:PORT as bound. */
  async serve(at: { readonly listen: Listen; readonly tls: TlsFiles | undefined }, watched: Watched): Promise<string> {
    const tls = isLoopback(at.listen.host) ? undefined : at.tls;
    const probe = new StoreProbe(watched.store);
    const unready = (): Promise<readonly Unready[]> => this.#unready(watched, probe);
    this.#addGauges(watched);
    this.#serving = await serveAdmin({ listen: at.listen, tls }, { metrics: this.metrics, unready });
    return this.#serving.address;
  }

  /** The same store, counted. */
  around(store: Store): Store {
    const { metrics } = this;
    const committed = (outcome: Commit, seconds: number): void => {
      this.#writes.note(outcome, performance.now());
      metrics.committed(outcome, seconds);
    };
    return new CountedStore(store, {
      committed,
      happened: (happening) => metrics.happened(happening),
      settled: (outcome) => metrics.settled(outcome),
      loaded: (outcome, seconds) => metrics.loaded(outcome, seconds),
      handedFirst: (channel, seconds) => metrics.handedFirst(channel, seconds),
      integrity: () => metrics.integrity(),
    });
  }

  /** Calls are answered from now on. */
  setListening(): void {
    this.#listening = true;
  }

  async close(): Promise<void> {
    this.metrics.close();
    await this.#serving?.close();
  }

  #addGauges({ sweeper, line }: Watched): void {
    const { metrics } = this;
    metrics.gauge("countersign_sweep_age_seconds", "Since the store was last asked for what is due", () =>
      sweeper.sweptAt === undefined ? undefined : (performance.now() - sweeper.sweptAt) / 1000,
    );
    metrics.gauge("countersign_calls_waiting", "Unary calls that wait for their turn", () => {
      const { ordinary, urgent } = line();
      return ordinary + urgent;
    });
    metrics.gauge("countersign_call_cost_seconds", "Event loop that one call takes, as overload is judged by", () => {
      return line().costMs / 1000;
    });
  }

  async #unready({ sweeper, draining }: Watched, probe: StoreProbe): Promise<readonly Unready[]> {
    const probed = await probe.ask();
    const writesFail = this.#writes.isFailing(performance.now());
    const { sweptAt } = sweeper;
    const sinceSwept = sweptAt === undefined ? undefined : performance.now() - sweptAt;
    return whyNotReady({ listening: this.#listening, draining: draining.aborted, probed, writesFail, sinceSwept });
  }
}
