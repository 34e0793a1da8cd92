import type { Webhook } from "@countersign/proto/node/admin/v1/webhook_service";
import { momentText } from "../output/moment-text.ts";

type State = Pick<Webhook, "paused" | "goneAt" | "quietUntil">;

/** Short, as a table has little room; what its receiver wished is told as such. */
export function stateText({ paused, goneAt, quietUntil }: State): string {
  if (paused) return goneAt === undefined ? "paused" : "paused: 410 Gone";
  return quietUntil === undefined ? "running" : `quiet until ${momentText(quietUntil)}`;
}

/** Nothing is posted to it now. */
export function isResting({ paused, quietUntil }: State): boolean {
  return paused || quietUntil !== undefined;
}
