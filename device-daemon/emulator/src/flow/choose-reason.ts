import { RejectReason } from "@countersign/protocol";
import { reasonPrompt } from "../display/prompts.ts";
import type { Flow } from "../prompt.ts";

/** Why the person says no: a digit chooses, OK confirms, BACK returns undefined. No PIN is asked. */
export function* chooseReason(issuer: string): Flow<RejectReason | undefined> {
  let chosen: RejectReason | undefined;
  for (;;) {
    const input = yield reasonPrompt(issuer, chosen);
    if (input.type !== "key") continue;
    if (input.key === "back") return undefined;
    if (input.key === "ok" && chosen !== undefined) return chosen;
    chosen = Object.values(RejectReason).find((reason) => String(reason) === input.key) ?? chosen;
  }
}
