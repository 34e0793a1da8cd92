import type { IncomingMessage } from "node:http";

/** A request before its body was read. All of it is controlled by the caller. */
export interface RequestHead {
  readonly method: string;
  /** As sent: path and query, or whatever stands there. */
  readonly target: string;
  /** By lower-case name, every value that was sent. */
  readonly headers: Readonly<Partial<Record<string, readonly string[]>>>;
  /** It asks for another protocol on this connection. */
  readonly upgrade: boolean;
}

/** As Node parsed it. */
export function headOf(request: IncomingMessage, upgrade: boolean): RequestHead {
  const { method = "", url = "", headersDistinct } = request;
  return { method, target: url, headers: headersDistinct, upgrade };
}

/** The value of a header that may stand there once; undefined where it is absent or stands there twice. */
export function single(head: RequestHead, name: string): string | undefined {
  const values = head.headers[name];
  return values?.length === 1 ? values[0] : undefined;
}
