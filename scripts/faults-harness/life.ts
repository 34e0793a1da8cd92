// One life of a core: people pay until it is gone, or so many payments are over.
import { CallError, Caller, type CallBook } from "./caller.ts";
import type { CoreProcess } from "./core-process.ts";
import type { Installation } from "./installation.ts";
import type { Payment } from "./payment.ts";
import type { Payments } from "./payments.ts";
import { Bot } from "./phone.ts";

export interface LifeOptions {
  /** Payments to be over, those under way from earlier lives first. */
  readonly payments: number;
  readonly atATime: number;
}

/** Resolves with how many payments got over. Rejects when a call ends in a way that no payment can go on from. */
export async function live(
  core: CoreProcess,
  installation: Installation,
  payments: Payments,
  book: CallBook,
  { payments: wanted, atATime }: LifeOptions,
): Promise<number> {
  const address = await core.serving;
  if (address === undefined) return 0;
  const gone = new AbortController();
  core.gone.then(
    () => gone.abort(),
    () => gone.abort(),
  );
  const caller = new Caller(address, book);
  const bot = new Bot(address, installation.bot, installation.phone);
  const waiting = [...payments.underWay];
  let begun = 0;
  let over = 0;
  const work = async (): Promise<void> => {
    while (begun < wanted && !gone.signal.aborted) {
      begun += 1;
      const payment = waiting.shift() ?? (await payments.next());
      if (await carried(payment, caller, gone.signal)) {
        payments.over(payment);
        over += 1;
      }
    }
  };
  try {
    await Promise.all(Array.from({ length: atATime }, work));
  } finally {
    bot.close();
    caller.close();
  }
  return over;
}

async function carried(payment: Payment, caller: Caller, signal: AbortSignal): Promise<boolean> {
  try {
    await payment.carry({ callers: [caller], signal });
    return true;
  } catch (error) {
    if (signal.aborted || (error instanceof CallError && error.isPassing)) return false;
    throw error;
  }
}
