export { FrameReader, FrameType, frame, u32be } from "./frame.ts";
export { RawConnection } from "./raw-connection.ts";
