import { describeRefused, type Refused } from "@countersign/key-protocol";

/** The key answered, and said no. Unlike after a LinkError, it is certain that it signed nothing. */
export class KeyRefusal extends Error {
  readonly refused: Refused;

  constructor(refused: Refused) {
    super(`the key refused: ${describeRefused(refused)}`);
    this.name = "KeyRefusal";
    this.refused = refused;
  }
}
