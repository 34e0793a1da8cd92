import { once } from "node:events";
import { connect } from "node:net";
import { join } from "node:path";
import { tempFolder } from "@countersign/testing";
import { SocketBackend } from "./socket-backend.ts";
import { type ContractHost, testBackendContract } from "./testing/backend-contract.ts";
import { ReportPipe } from "./testing/report-pipe.ts";

const folder = tempFolder();
let sockets = 0;

testBackendContract("socket", () => {
  const path = join(folder, `${(sockets += 1)}.sock`);
  return { connect: (onReport) => new SocketBackend(path, onReport), open: () => openHost(path) };
});

async function openHost(path: string): Promise<ContractHost> {
  const socket = connect(path);
  const lost = once(socket, "close").then(() => undefined);
  const input = new ReportPipe();
  let pending: Uint8Array = new Uint8Array(0);
  socket.on("data", (chunk: Buffer) => {
    pending = Uint8Array.from([...pending, ...chunk]);
    for (; pending.length >= 64; pending = pending.slice(64)) input.put(pending.slice(0, 64));
  });
  await once(socket, "connect");
  return {
    write: (report) => new Promise((resolve, reject) => void socket.write(report, (e) => (e ? reject(e) : resolve()))),
    read: () => input.take(),
    lost,
  };
}
