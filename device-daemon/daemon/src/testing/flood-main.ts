import { HidCommand } from "@countersign/key-protocol";
import { HidBus } from "../hid/hid-bus.ts";
import { HidChannel } from "../hid/hid-channel.ts";
import { SocketTransport } from "../hid/socket-transport.ts";
import { HostileKey } from "./hostile-key.ts";

// What requests to one key cost while another floods, in a process of its own (run with --expose-gc): `flood-main.ts
// SOCKET ROUNDS`. Prints the p99 of each round, alone and beside the flood, in microseconds of this thread.
//
// Time is the processor's: what others, who may be many, do with it meanwhile is none of a flood's doing. What the flood
// sends is drawn before, and garbage collected, so that neither counts.

const [path = "", rounds = "11"] = process.argv.slice(2);

const REQUESTS = 300;
/** Bytes of a large `present`, there and back. */
const PAYLOAD = new Uint8Array(1_700);
/** A full-speed USB device has one report a millisecond and no more; this one sends four, and a request takes two. */
const REPORTS_A_REQUEST = 8;

function spent(): number {
  const { user, system } = process.threadCpuUsage();
  return user + system;
}

const never = new AbortController().signal;

/** What 99 of 100 requests to the good key cost at most. */
async function p99(key: HidChannel, hostile?: HostileKey): Promise<number> {
  const flood = Array.from({ length: REQUESTS }, () => hostile?.draw(REPORTS_A_REQUEST) ?? []);
  globalThis.gc?.();
  const costs: number[] = [];
  for (const reports of flood) {
    const from = spent();
    const answered = key.ask(HidCommand.PING, PAYLOAD, { signal: never });
    hostile?.send(reports);
    await answered;
    costs.push(spent() - from);
  }
  return costs.toSorted((a, b) => a - b)[Math.floor(REQUESTS * 0.99)] ?? Infinity;
}

/** Something asks the hostile key, too, so that its reports meet requests that wait. */
async function askForEver(hostile: HostileKey): Promise<void> {
  const channel = await HidChannel.open(new HidBus(hostile)).catch(() => undefined);
  if (channel === undefined) return;
  while (!hostile.closed) {
    await channel.ask(HidCommand.PING, new Uint8Array(1_000), { signal: never }).catch(() => undefined);
  }
}

async function besideFlood(key: HidChannel, seed: number): Promise<number> {
  const hostile = new HostileKey(seed);
  const asking = askForEver(hostile);
  try {
    return await p99(key, hostile);
  } finally {
    hostile.close();
    await asking;
  }
}

const key = await HidChannel.open(new HidBus(await SocketTransport.connect(path)));
await p99(key);
await besideFlood(key, 1_000);
const alone: number[] = [];
const beside: number[] = [];
for (let round = 0; round < Number(rounds); round++) {
  alone.push(await p99(key));
  beside.push(await besideFlood(key, round));
}
console.log(JSON.stringify({ alone, beside }));
process.exit(0);
