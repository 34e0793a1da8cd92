export * from "./frame.ts";
export { RawConnection, type RawOptions } from "./raw-connection.ts";
