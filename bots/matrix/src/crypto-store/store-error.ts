/** Why the store of a device cannot be used; the message says what to do. */
export type StoreErrorCode = "in-use" | "wrong-key" | "damaged" | "unsafe-folder" | "unwritable";

/** The store of this bot's device cannot be used. The bot refuses to start: an empty store in its place loses messages. */
export class StoreError extends Error {
  override readonly name: string = "StoreError";
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
