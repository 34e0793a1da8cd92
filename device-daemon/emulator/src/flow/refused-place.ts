import { type CborValue, decodeCbor, isLabel, labelName } from "@countersign/protocol";

/**
 * How the display names the place of a refusal: the label of line 2 by the key's own list ("To"), "line 2" where the
 * content does not say one that the key knows, "issuer". Nothing of the content's text is taken over.
 */
export function refusedPlace(content: Uint8Array, field: string): string {
  const at = /^lines\[(\d+)\]/.exec(field)?.[1];
  if (at === undefined) return field === "issuer" ? "issuer" : "content";
  return labelAt(content, Number(at)) ?? `line ${Number(at) + 1}`;
}

function labelAt(content: Uint8Array, at: number): string | undefined {
  const lines = decodeCbor(content);
  const rows = lines instanceof Map ? listOf(lines.get(4)) : [];
  const [label] = listOf(rows[at]);
  return typeof label === "number" && isLabel(label) ? labelName(label) : undefined;
}

function listOf(value: CborValue | undefined): readonly CborValue[] {
  return Array.isArray(value) ? (value as readonly CborValue[]) : [];
}
