export { startChild, ROOT, type Child } from "./child.ts";
export { FakeClock } from "./fake-clock.ts";
export { listeningSockets, openSockets } from "./listening-sockets.ts";
export { tempFolder } from "./temp-folder.ts";
export { testWith } from "./test-with.ts";
export { servePages, type PageServer } from "./web/page-server.ts";
