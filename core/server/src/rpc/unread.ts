/** The request of a call that has not begun: no byte of it was looked at. */
export class Unread<Request> {
  readonly #bytes: Buffer;
  readonly #read: (bytes: Buffer) => Request;

  constructor(bytes: Buffer, read: (bytes: Buffer) => Request) {
    this.#bytes = bytes;
    this.#read = read;
  }

  read(): Request {
    return this.#read(this.#bytes);
  }
}
