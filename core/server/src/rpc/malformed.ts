import type { Violation } from "./refusal.ts";

/**
 * Takes the place of a request whose bytes were refused before decoding. A value and not an error, because grpc-js
 * answers a throwing deserializer with INTERNAL and no details.
 */
export class Malformed {
  readonly violation: Violation;
  constructor(violation: Violation) {
    this.violation = violation;
  }
}
