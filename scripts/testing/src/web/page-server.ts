import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { IMPORT_MAP, moduleAt } from "./page-modules.ts";

/** A site on loopback whose pages may import the workspace's browser code. */
export interface PageServer {
  /** `http://localhost:PORT`. */
  readonly origin: string;
  readonly port: number;
  close(): Promise<void>;
}

const PAGE = `<!doctype html><meta charset="utf-8"><title>a page</title><link rel="icon" href="data:,">
<script type="importmap">${JSON.stringify(IMPORT_MAP)}</script>`;

/** Starts one on a free port: `/` is an empty page. Whatever name leads to it, it answers. */
export async function servePages(): Promise<PageServer> {
  const server = createServer({ keepAliveTimeout: 0 }, ({ url = "/" }, response) => {
    const { pathname } = new URL(url, "http://localhost");
    const body = pathname === "/" ? PAGE : moduleAt(decodeURIComponent(pathname));
    const type = pathname === "/" ? "text/html" : "text/javascript";
    response.writeHead(body === undefined ? 404 : 200, { "content-type": type }).end(body ?? "");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://localhost:${port}`,
    port,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
