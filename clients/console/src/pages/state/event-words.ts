import { findWords } from "@countersign/pages";

/** What an event of the audit means, or its own name where there are no words for it. */
export function eventWords(event: string): string {
  return findWords(`event-${event.replaceAll(".", "_")}`) ?? event;
}

/** Flat facts of an event, as recorded. What is no object is one fact without a name. */
export function factsOf(detailJson: string): readonly (readonly [name: string, value: string])[] {
  let detail: unknown;
  try {
    detail = JSON.parse(detailJson);
  } catch {
    return [["", detailJson]];
  }
  if (typeof detail !== "object" || detail === null) return [];
  return Object.entries(detail).map(([name, value]) => [
    name,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
}
