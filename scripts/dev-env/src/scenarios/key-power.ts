import { startChild, type Child } from "@countersign/testing/child";
import type { Desk } from "../desk.ts";
import type { Parts } from "../parts.ts";

/** Waits until the daemon has so many keys. */
export async function daemonSees({ device }: Pick<Parts, "device">, count: number): Promise<void> {
  for await (const { keys } of device.watchKeys({})) if (keys.length === count) return;
}

/** Pulls the key's plug; what it had in memory is gone. */
export async function unplug({ keyUrl }: Pick<Desk, "keyUrl">): Promise<void> {
  await post(`${keyUrl}/unplug`);
}

export async function plug({ keyUrl }: Pick<Desk, "keyUrl">): Promise<void> {
  await post(`${keyUrl}/plug`);
}

/** Kills the key's process, so that nothing of it runs to its end, and starts it on what its store holds by then. */
export async function cutPower(key: Child, parts: Pick<Parts, "device">): Promise<Child> {
  await key.stop("SIGKILL");
  await daemonSees(parts, 0);
  const [entry, ...args] = key.process.spawnargs.slice(3);
  const { port } = new URL(String(key.ready["control"]));
  const again = await startChild(entry ?? "", args.with(args.indexOf("--control") + 1, port));
  await daemonSees(parts, 1);
  return again;
}

async function post(url: string): Promise<void> {
  const headers = { "content-type": "application/json" };
  const response = await fetch(url, { method: "POST", headers, body: "{}" });
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
}
