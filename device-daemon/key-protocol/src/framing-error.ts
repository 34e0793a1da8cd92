/** What is wrong with a report or a message on its way. */
export type FramingErrorCode =
  "report-size" | "too-long" | "bad-command" | "bad-sequence" | "unexpected-first" | "bad-init";

/** A message that cannot be sent, or reports that do not make one. The channel needs an INIT before it is used again. */
export class FramingError extends Error {
  readonly code: FramingErrorCode;

  constructor(code: FramingErrorCode, message: string) {
    super(message);
    this.name = "FramingError";
    this.code = code;
  }
}
