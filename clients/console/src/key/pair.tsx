import { PairDaemon } from "@countersign/pages";
import type { JSX } from "preact";
import { FailureNote } from "../ui/failure-note.tsx";
import { daemon } from "./daemon.ts";
import { keyFailureOf } from "./key-failure.ts";

/** Pairs the console with the daemon of this PC. */
export function Pair({ onPaired }: { onPaired: () => void }): JSX.Element {
  return (
    <PairDaemon
      pair={(show, signal) => daemon().pair(show, signal)}
      tell={(error) => {
        const failure = keyFailureOf(error);
        return failure && <FailureNote failure={failure} />;
      }}
      onPaired={onPaired}
    />
  );
}
