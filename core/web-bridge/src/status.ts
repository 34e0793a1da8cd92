import { Metadata, status, type StatusObject } from "@grpc/grpc-js";

/** What a handler may give back in place of an answer. */
export type HandlerError = Partial<StatusObject> | (Partial<StatusObject> & Error);

/** The end of a call that went well. */
export const OK: StatusObject = { code: status.OK, details: "", metadata: new Metadata() };

/** The status of what a handler gave back, by the rules of grpc-js: a bare error is UNKNOWN with its message. */
export function statusOf(error: HandlerError, trailers?: Metadata): StatusObject {
  const metadata = trailers ?? error.metadata ?? new Metadata();
  const message = error instanceof Error ? error.message : "Unknown Error";
  if (!Number.isInteger(error.code)) return { code: status.UNKNOWN, details: message, metadata };
  return { code: error.code as status, details: error.details ?? message, metadata };
}

/** Lines of the trailers: status, message and metadata, binary values in base64. */
export function trailerLines({ code, details, metadata }: StatusObject): string {
  const lines = [`grpc-status:${code}`];
  if (details !== "") lines.push(`grpc-message:${percentEncode(details)}`);
  for (const [name, value] of Object.entries(metadata.toHttp2Headers())) {
    if (name.startsWith("grpc-") && name !== "grpc-status-details-bin") continue;
    for (const each of [value ?? []].flat()) lines.push(`${name}:${each}`);
  }
  return `${lines.join("\r\n")}\r\n`;
}

/** UTF-8 in visible ASCII, as gRPC writes `grpc-message`: line breaks, too, so nobody adds a line. */
function percentEncode(text: string): string {
  if (/^[ -$&-~]*$/.test(text)) return text;
  return Buffer.from(text)
    .toString("latin1")
    .replaceAll(/[^ -$&-~]/g, (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`);
}
