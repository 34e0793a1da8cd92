/** Largest gRPC-Web message that is passed on unless told otherwise, in bytes. */
export const MAX_MESSAGE: number = 64 * 1024;
