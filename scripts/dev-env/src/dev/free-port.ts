import { freePort as anyFreePort, takePort } from "@countersign/testing/child";

/** The wished port of 127.0.0.1 when nobody has it or is about to listen there, else one that nobody has. */
export async function freePort(wished: number): Promise<number> {
  return (await takePort(wished)) ? wished : anyFreePort();
}
