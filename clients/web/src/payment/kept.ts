import { type Order, readOrder, readValue, writeValue } from "./order.ts";
import { newPayment, type Payment, type Way } from "./payment.ts";

const RUNNING = "countersign.payment";
const ENDED = "countersign.ended";

/** A running payment as this tab keeps it over a reload. The token opens this one transaction, and goes when it is over. */
export interface Kept {
  /** Who was logged in: what one user paid is nothing for the next one at the same PC. */
  readonly user: string;
  readonly order: Order;
  readonly requestId: string;
  readonly way: Way;
  readonly repeatOf: string | undefined;
  /** Which key of this PC; "": the only one. */
  readonly deviceId: string;
  /** It has no keypad: this page takes the code. */
  readonly takesCode: boolean;
  /** Of the running transaction; undefined: the core had not answered. */
  readonly confirmationToken: string | undefined;
}

/** sessionStorage is the tab's own, and ends with it. */
export function keep(kept: Kept, storage: Storage): void {
  storage.setItem(RUNNING, writeValue(kept));
}

/** What was running of this user when this tab was left; undefined: nothing, or it cannot be read. */
export function keptIn(storage: Storage, user: string): Kept | undefined {
  const found = objectIn(storage, RUNNING);
  if (found === undefined || found["user"] !== user) return undefined;
  const { order, requestId, way, repeatOf, deviceId, takesCode, confirmationToken } = found;
  if (typeof requestId !== "string" || (way !== "daemon" && way !== "browser")) return undefined;
  const read = tried(() => readOrder(order));
  if (read === undefined) return undefined;
  return {
    ...{ user, order: read, requestId, way, repeatOf: text(repeatOf), confirmationToken: text(confirmationToken) },
    ...{ deviceId: text(deviceId) ?? "", takesCode: takesCode === true },
  };
}

/** Puts the ending in the place of what was running: no token any more. */
export function keepEnding(payment: Payment, user: string, storage: Storage): void {
  storage.removeItem(RUNNING);
  storage.setItem(ENDED, writeValue({ ...payment, user }));
}

/** How the last payment of this tab ended, as it was told; a receipt in it is checked anew wherever it is shown. */
export function endingIn(storage: Storage, user: string): Payment | undefined {
  const found = objectIn(storage, ENDED);
  if (found === undefined || found["user"] !== user) return undefined;
  const { user: _whose, ...ended } = found as Partial<Payment> & { user: string };
  const order = tried(() => readOrder(ended.order));
  if (ended.outcome === undefined || order === undefined) return undefined;
  const { requestId = "", way = "daemon", repeatOf } = ended;
  return { ...newPayment({ order, requestId, way, repeatOf }), ...ended, order };
}

export function forget(storage: Storage): void {
  storage.removeItem(RUNNING);
  storage.removeItem(ENDED);
}

function objectIn(storage: Storage, place: string): Record<string, unknown> | undefined {
  const found = tried(() => readValue(storage.getItem(place) ?? "null"));
  return typeof found === "object" && found !== null ? (found as Record<string, unknown>) : undefined;
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** Whatever stands in the storage that this page did not write counts as nothing. */
function tried<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
