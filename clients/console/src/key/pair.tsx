import { PairDaemon } from "@countersign/pages";
import type { JSX } from "preact";
import { CoreFailure } from "../connection/core-failure.ts";
import { FailureNote } from "../ui/failure-note.tsx";
import { daemon } from "./daemon.ts";

/** Pairs the console with the daemon of this PC. */
export function Pair({ onPaired }: { onPaired: () => void }): JSX.Element {
  return (
    <PairDaemon
      pair={(show, signal) => daemon().pair(show, signal)}
      tell={(error) => (error instanceof CoreFailure ? <FailureNote failure={error} /> : undefined)}
      onPaired={onPaired}
    />
  );
}
