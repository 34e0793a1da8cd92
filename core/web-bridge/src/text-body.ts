// application/grpc-web-text: the same bytes in base64. A body may be several pieces, each padded for itself.
// Four characters at a time, each in one way alone: a pattern with a choice would try all of them for who sends a wrong end.
const PIECES = /^(?:[A-Za-z0-9+/]{4}|[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)*$/;

/** The bytes of a base64 body; undefined where it is none. */
export function readText(body: Buffer): Buffer | undefined {
  const text = body.toString("latin1");
  if (text.length % 4 !== 0 || !PIECES.test(text)) return undefined;
  const pieces = text.match(/[^=]+={0,2}/g) ?? [];
  return Buffer.concat(pieces.map((piece) => Buffer.from(piece, "base64")));
}

/** Bytes of base64 that so many bytes take at most, sent in one piece. */
export function textLength(bytes: number): number {
  return 4 * Math.ceil(bytes / 3);
}
