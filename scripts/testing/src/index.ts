export { AT_ONCE_MS, PATIENT_MS } from "./at-once.ts";
export { startChild, ROOT, type Child } from "./child.ts";
export { descriptorsOf } from "./descriptors.ts";
export { FakeClock } from "./fake-clock.ts";
export { freePort } from "./free-port.ts";
export {
  Flag,
  FrameReader,
  FrameType,
  frame,
  headerBlock,
  keptHeaderBlock,
  knownHeaderBlock,
  RawConnection,
  u32be,
} from "./http2/index.ts";
export { listeningSockets, openSockets } from "./listening-sockets.ts";
export { tempFolder } from "./temp-folder.ts";
export { testWith } from "./test-with.ts";
export { servePages, type PageServer } from "./web/page-server.ts";
export { hasFocus, tabTo } from "./web/tab-to.ts";
