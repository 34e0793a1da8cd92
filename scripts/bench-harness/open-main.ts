// A process that fills a folder's store with users and PENDING transactions until it is killed: what a core leaves that had
// created them and lost its power. Started by fork, told { folder, open }, answers { created } now and then and
// { transactions } (all ids, in the order of their creation) when so many are open. It never closes the store.
import { OfflineCore } from "./offline-core.ts";
import { inFlight } from "./wire.ts";

/** What is to be open, in the folder of an installation that no core serves. */
export interface OpenOrder {
  readonly folder: string;
  readonly open: number;
}

/** Now and then, and at the end with all ids. */
export interface OpenReport {
  readonly created: number;
  readonly transactions?: readonly string[];
}

/** One below what a user may have open, and be prompted for in a minute. */
const OPEN_A_USER = 4;
const AT_A_TIME = 64;
const REPORT_EVERY = 5_000;

async function fill({ folder, open }: OpenOrder): Promise<readonly string[]> {
  const offline = await OfflineCore.open(folder);
  const made: string[] = [];
  const users = Array.from({ length: Math.ceil(open / OPEN_A_USER) }, (_, index) => index);
  await inFlight(users, AT_A_TIME, new AbortController().signal, async (index) => {
    const { userId } = await offline.addUser(index);
    const first = index * OPEN_A_USER;
    for (let n = first + 1; n <= Math.min(first + OPEN_A_USER, open); n++) {
      made.push(await offline.create(userId, n));
      if (made.length % REPORT_EVERY === 0) process.send?.({ created: made.length } satisfies OpenReport);
    }
  });
  return made;
}

process.once("message", (order: OpenOrder) => void tell(order));
process.once("disconnect", () => process.exit());

async function tell(order: OpenOrder): Promise<void> {
  const transactions = await fill(order);
  process.send?.({ created: transactions.length, transactions } satisfies OpenReport);
}
