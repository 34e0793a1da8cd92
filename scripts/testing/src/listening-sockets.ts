import { readFileSync, readdirSync } from "node:fs";
import { targetOf } from "./descriptors.ts";

/**
 * Local addresses, as the kernel writes them ("0100007F:1F90"), of the TCP sockets that a running process listens on.
 *
 * A process opens and closes descriptors while it is looked at: one that is gone by the time it is read was no listener
 * that lasts.
 *
 * @throws Error ENOENT where no such process runs.
 */
export function listeningSockets(pid: number): string[] {
  const own = new Set(readdirSync(`/proc/${pid}/fd`).map((fd) => socketInode(`/proc/${pid}/fd/${fd}`)));
  return ["tcp", "tcp6"].flatMap((table) => listeners(`/proc/${pid}/net/${table}`, own));
}

/** How many descriptors of a running process are sockets. */
export function openSockets(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).filter((fd) => socketInode(`/proc/${pid}/fd/${fd}`) !== undefined).length;
}

function socketInode(descriptor: string): string | undefined {
  return /^socket:\[(\d+)\]$/.exec(targetOf(descriptor) ?? "")?.[1];
}

// Column 1 is address and port, 3 the state (0A: listens), 9 the inode.
function listeners(table: string, own: ReadonlySet<string | undefined>): string[] {
  const rows = readFileSync(table, "utf8").trim().split("\n").slice(1);
  return rows
    .map((row) => row.trim().split(/\s+/))
    .flatMap((columns) => (columns[3] === "0A" && own.has(columns[9]) ? (columns[1] ?? []) : []));
}
