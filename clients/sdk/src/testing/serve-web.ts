import type { AddressInfo } from "node:net";
import { createServer, type Server } from "node:http";
import { WebBridge, type WebRules, type WebService } from "@countersign/web-bridge";

/** A fake as pages reach it. */
export interface FakeWeb {
  readonly port: number;
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  /** Breaks every connection, as a network that goes: the next ones are taken again. */
  cut(): void;
  stop(): void;
}

const RULES: WebRules = { origins: new Set(), withoutOrigin: true, text: true, maxMessage: 1024 * 1024 };

/** Serves a fake's services over gRPC-Web on a free port of this machine, or on this one. */
export async function serveWeb(services: readonly WebService[], port = 0): Promise<FakeWeb> {
  const bridge = new WebBridge({ services, rules: RULES });
  const server = createServer((request, response) => void bridge.answer(request, response));
  await listening(server, port);
  const { port: bound } = server.address() as AddressInfo;
  return {
    ...{ port: bound, url: `http://127.0.0.1:${bound}` },
    cut: () => server.closeAllConnections(),
    stop: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

function listening(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject).listen(port, "127.0.0.1", resolve);
  });
}
