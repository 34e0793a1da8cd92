import { isLoopback, type Listen, type TlsFiles } from "../config.ts";
import type { Store } from "../store/store.ts";
import type { Sweeper } from "../sweep.ts";
import { CoreMetrics } from "./core-metrics.ts";
import { CountedStore } from "./counted-store.ts";
import { StoreProbe, whyNotReady, type Unready } from "./readiness.ts";
import { serveAdmin, type AdminServing } from "./serve-admin.ts";

/** What readiness is judged by. */
export interface Watched {
  readonly store: Store;
  readonly sweeper: Pick<Sweeper, "sweptAt">;
  readonly draining: AbortSignal;
}

/** Counts, and says so on the admin listener; one a core. */
export class Monitor {
  readonly metrics: CoreMetrics = new CoreMetrics();
  #listening = false;
  #serving: AdminServing | undefined;

  /** Answers from now on, "starting" until `setListening`. Returns HOST:PORT as bound. */
  async serve(at: { readonly listen: Listen; readonly tls: TlsFiles | undefined }, watched: Watched): Promise<string> {
    const tls = isLoopback(at.listen.host) ? undefined : at.tls;
    const probe = new StoreProbe(watched.store);
    const unready = (): Promise<readonly Unready[]> => this.#unready(watched, probe);
    this.#serving = await serveAdmin({ listen: at.listen, tls }, { metrics: this.metrics, unready });
    return this.#serving.address;
  }

  /** The same store, counted. */
  around(store: Store): Store {
    return new CountedStore(store, this.metrics);
  }

  /** Calls are answered from now on. */
  setListening(): void {
    this.#listening = true;
  }

  async close(): Promise<void> {
    this.metrics.close();
    await this.#serving?.close();
  }

  async #unready({ sweeper, draining }: Watched, probe: StoreProbe): Promise<readonly Unready[]> {
    const storeAnswers = await probe.answers();
    const { sweptAt } = sweeper;
    const sinceSwept = sweptAt === undefined ? undefined : performance.now() - sweptAt;
    return whyNotReady({ listening: this.#listening, draining: draining.aborted, storeAnswers, sinceSwept });
  }
}
