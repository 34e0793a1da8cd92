export { Flag, frame, FrameReader, FrameType, headerBlock, keptHeaderBlock, knownHeaderBlock, u32be } from "./frame.ts";
export { RawConnection } from "./raw-connection.ts";
