// Callers that behave, beside those that do not.
import { Metadata } from "@grpc/grpc-js";
import { UserServiceGetRequest, UserServiceService } from "@countersign/proto/node/core/v1/user_service";
import { Wire } from "../../bench-harness/wire.ts";

export interface NormalFigures {
  readonly calls: number;
  readonly errors: readonly string[];
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** One user whose name is asked for again and again, and changed never. */
export class NormalTraffic {
  readonly #wire: Wire;
  #millis: number[] = [];
  #errors: string[] = [];

  constructor(address: string, token: string) {
    const metadata = new Metadata();
    metadata.set("authorization", `Bearer ${token}`);
    this.#wire = new Wire(address, 2, metadata);
  }

  /** Makes the user. */
  async begin(): Promise<void> {
    const user = { userId: "normal", phrase: "blue teapot", locale: "en" };
    await this.#wire.call(UserServiceService.create, { requestId: "normal", ...user });
  }

  /** One read, and every tenth time a write. */
  async call(n: number): Promise<void> {
    const began = performance.now();
    try {
      if (n % 10 === 0) {
        const user = { userId: `normal-${n}`, phrase: "blue teapot", locale: "en" };
        await this.#wire.call(UserServiceService.create, { requestId: `normal-${n}`, ...user });
      } else await this.#wire.call(UserServiceService.get, UserServiceGetRequest.create({ userId: "normal" }));
    } catch (error) {
      this.#errors.push(String(error));
    }
    this.#millis.push(performance.now() - began);
  }

  /** What came since the last time it was asked. */
  take(): NormalFigures {
    const sorted = this.#millis.toSorted((one, other) => one - other);
    const at = (share: number): number => Number((sorted[Math.floor(share * (sorted.length - 1))] ?? 0).toFixed(2));
    const taken = { calls: sorted.length, errors: this.#errors, p50Ms: at(0.5), p99Ms: at(0.99) };
    this.#millis = [];
    this.#errors = [];
    return taken;
  }

  close(): void {
    this.#wire.close();
  }
}
