import { randomInt } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type AddressInfo, type ListenOptions, type Server } from "node:net";

/** Ports from here on are nobody's by custom. */
const LOWEST = 10_000;
const HIGHEST = 65_535;
/** Fewer would soon be used up. */
const ENOUGH = 1_000;

/**
 * A port of loopback for a program that cannot choose one itself, or that is to come back on the same one. Nobody takes
 * it meanwhile: the kernel gives out other ports of its own accord (ip_local_port_range), and until this process ends no
 * other call of this function draws it, here or in another process. Whoever can listen on port 0 does that instead.
 *
 * `apart`: the port this much above it is free and reserved, too.
 */
export async function freePort(apart = 0): Promise<number> {
  const [from, to] = nobodys();
  for (;;) {
    const port = randomInt(from, to + 1 - apart);
    const held = [await reserved(port)];
    if (apart !== 0) held.push(await reserved(port + apart));
    const free = (await isFree(port)) && (apart === 0 || (await isFree(port + apart)));
    if (free && held.every((each) => each !== undefined)) return port;
    for (const each of held) each?.close();
  }
}

/** Whether nobody has this port of loopback; then it is reserved as one of `freePort` is. */
export async function takePort(port: number): Promise<boolean> {
  const held = await reserved(port);
  if (held === undefined) return false;
  if (await isFree(port)) return true;
  held.close();
  return false;
}

/** The range that the kernel draws no ports from; where it leaves none, the whole. */
function nobodys(): readonly [number, number] {
  const [low = LOWEST, high = HIGHEST] = kernels();
  if (low - LOWEST > ENOUGH) return [LOWEST, low - 1];
  return HIGHEST - high > ENOUGH ? [high + 1, HIGHEST] : [LOWEST, HIGHEST];
}

function kernels(): readonly number[] {
  try {
    return readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "utf8").trim().split(/\s+/).map(Number);
  } catch {
    return [49_152, HIGHEST];
  }
}

// A name in Linux' abstract namespace, which ends with its process however that ends. Elsewhere nothing is reserved.
async function reserved(port: number): Promise<Server | undefined> {
  const listening = process.platform === "linux" ? { path: `\0countersign-port-${port}` } : { port: 0 };
  const server = await listen({ ...listening, exclusive: true });
  return server?.unref();
}

async function isFree(port: number): Promise<boolean> {
  const server = await listen({ port, host: "127.0.0.1", exclusive: true });
  if (server === undefined) return false;
  const isIt = (server.address() as AddressInfo).port === port;
  server.close();
  await once(server, "close");
  return isIt;
}

async function listen(options: ListenOptions): Promise<Server | undefined> {
  const server = createServer();
  try {
    server.listen(options);
    await once(server, "listening");
    return server;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EADDRINUSE") return undefined;
    throw error;
  }
}
