import { readOrder, writeOrder } from "./order.ts";
import type { Order } from "./order.ts";
import type { Way } from "./payment.ts";

const PLACE = "countersign.payment";

/** A running payment as this tab keeps it over a reload. The token opens this one transaction, and goes when it is over. */
export interface Kept {
  readonly order: Order;
  readonly requestId: string;
  readonly way: Way;
  readonly repeatOf: string | undefined;
  /** Of the running transaction; undefined: the core had not answered. */
  readonly confirmationToken: string | undefined;
}

/** sessionStorage is the tab's own, and ends with it. */
export function keep({ order, ...rest }: Kept, storage: Storage): void {
  storage.setItem(PLACE, JSON.stringify({ ...rest, order: writeOrder(order) }));
}

export function forget(storage: Storage): void {
  storage.removeItem(PLACE);
}

/** What was running when this tab was left; undefined: nothing, or it cannot be read. */
export function keptIn(storage: Storage): Kept | undefined {
  try {
    const found = JSON.parse(storage.getItem(PLACE) ?? "null") as Record<string, unknown> | null;
    if (found === null) return undefined;
    const { order, requestId, way, repeatOf, confirmationToken } = found;
    if (typeof order !== "string" || typeof requestId !== "string" || (way !== "daemon" && way !== "browser"))
      return undefined;
    return {
      order: readOrder(order),
      requestId,
      way,
      repeatOf: typeof repeatOf === "string" ? repeatOf : undefined,
      confirmationToken: typeof confirmationToken === "string" ? confirmationToken : undefined,
    };
  } catch {
    return undefined;
  }
}
