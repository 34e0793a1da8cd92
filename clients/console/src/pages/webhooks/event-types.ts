import { State } from "@countersign/proto/web/core/v1/content";

/** What endpoints are told of, by its names: docs/protocol/webhook.md section 2. */
export const EVENT_TYPES: readonly string[] = Object.entries(State)
  .filter(([, number]) => number > 0)
  .map(([state]) => (state === "PENDING" ? "transaction.created" : `transaction.${state.toLowerCase()}`));
