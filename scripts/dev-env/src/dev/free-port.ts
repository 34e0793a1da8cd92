import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { freePort as anyFreePort } from "@countersign/testing/child";

/** The wished port of 127.0.0.1 when it is free, else one that is. */
export async function freePort(wished: number): Promise<number> {
  return (await tryPort(wished)) ?? anyFreePort();
}

async function tryPort(port: number): Promise<number | undefined> {
  const server = createServer();
  try {
    server.listen({ host: "127.0.0.1", port, exclusive: true });
    await once(server, "listening");
    return (server.address() as AddressInfo).port;
  } catch (error) {
    if (["EADDRINUSE", "EACCES"].includes(String((error as NodeJS.ErrnoException).code))) return undefined;
    throw error;
  } finally {
    server.close();
  }
}
