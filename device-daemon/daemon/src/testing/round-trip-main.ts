import { HidCommand } from "@countersign/key-protocol";
import { FileLock } from "../hid/device-lock.ts";
import { HidBus } from "../hid/hid-bus.ts";
import { HidChannel } from "../hid/hid-channel.ts";
import { NodeHidTransport } from "../hid/node-hid-transport.ts";
import { SocketTransport } from "../hid/socket-transport.ts";

// Prints round-trip times of one key: `round-trip-main.ts /dev/hidrawN` by node-hid, or the path of an emulator's socket.

const [path = "", count = "500"] = process.argv.slice(2);

/** Middle, p99 and most, in milliseconds. */
interface Spread {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

async function spreadOf(work: () => Promise<unknown>): Promise<Spread> {
  const times: number[] = [];
  for (let at = 0; at < Number(count); at++) {
    const from = performance.now();
    await work();
    times.push(performance.now() - from);
  }
  times.sort((a, b) => a - b);
  const at = (share: number): number => Number((times[Math.floor((times.length - 1) * share)] ?? NaN).toFixed(3));
  return { p50: at(0.5), p99: at(0.99), max: at(1) };
}

const transport = path.startsWith("/dev/") ? await NodeHidTransport.open(path) : await SocketTransport.connect(path);
const bus = new HidBus(transport);
const channel = await HidChannel.open(bus);
const never = { signal: new AbortController().signal };
const ping = (bytes: number): Promise<unknown> => channel.ask(HidCommand.PING, new Uint8Array(bytes), never);
await spreadOf(() => ping(57));
const figures = {
  transport: transport instanceof NodeHidTransport ? "node-hid" : "socket",
  oneReport: await spreadOf(() => ping(57)),
  thirtyReports: await spreadOf(() => ping(1768)),
  lock: await spreadOf(async () => {
    const release = await new FileLock(path.startsWith("/dev/") ? path : process.execPath).take();
    if (release !== "held") release();
  }),
};
console.log(JSON.stringify(figures));
bus.close();
process.exit(0);
