import type { Field, Line } from "./field.ts";
import { isCoreKind, isKind, type Kind, requiredLabels } from "./kind.ts";
import { isLabel, isRepeatable, Label, labelName, valueTypeOf } from "./label.ts";
import { parseLine, renderValue } from "./line.ts";
import { ProtocolError } from "./protocol-error.ts";
import { checkTotals } from "./totals.ts";

/** Lines of a transaction. */
export const MAX_LINES = 24;

/**
 * Renders typed fields to the lines that every surface shows (docs/protocol/content.md section 3). Injective: different
 * fields give different lines. Throws ProtocolError naming `fields[i]`.
 */
export function renderFields(kind: Kind, fields: readonly Field[]): Line[] {
  checkShape(kind, fields, "fields");
  const lines = fields.map(({ label, value }, i) => ({
    label,
    value: renderValue(value, valueTypeOf(label), `fields[${i}].value`),
  }));
  checkTotals(kind, fields, "fields");
  return lines;
}

/**
 * The typed fields behind rendered lines: the inverse of renderFields. Refuses lines that no fields render to, naming
 * `lines[i]`; an executor reads what it is to do from here.
 */
export function parseLines(kind: Kind, lines: readonly Line[]): Field[] {
  checkShape(kind, lines, "lines");
  const fields = lines.map((line, i) => parseLine(line, `lines[${i}]`));
  checkTotals(kind, fields, "lines");
  return fields;
}

/** Known kind and labels, number of lines, repetition, reserved labels, required labels. */
function checkShape(kind: Kind, rows: readonly { readonly label: Label }[], name: string): void {
  if (!isKind(kind)) throw new ProtocolError("unknown-kind", `kind ${String(kind)} is not in the registry`);
  if (rows.length === 0 || rows.length > MAX_LINES) {
    const why = `expected 1 to ${MAX_LINES} lines, got ${rows.length}; split the transaction`;
    throw new ProtocolError("too-many-lines", why, { field: name });
  }
  const seen = new Set<Label>();
  const inBatch = rows.some(({ label }) => label === Label.PAYMENT);
  for (const [i, { label }] of rows.entries()) {
    const field = `${name}[${i}]`;
    if (!isLabel(label)) {
      throw new ProtocolError("unknown-label", `label ${String(label)} is not in the registry`, { field });
    }
    if (seen.has(label) && !isRepeatable(label, inBatch)) {
      throw new ProtocolError("repeated-label", `"${labelName(label)}" may stand only once`, { field });
    }
    if (label === Label.CHANNEL && !isCoreKind(kind)) {
      throw new ProtocolError("reserved-label", '"Channel" is for kinds of the core alone', { field });
    }
    seen.add(label);
  }
  checkRequired(kind, seen, name);
}

function checkRequired(kind: Kind, seen: ReadonlySet<Label>, field: string): void {
  const alternatives = requiredLabels(kind);
  if (alternatives.some((labels) => labels.every((label) => seen.has(label)))) return;
  const wanted = alternatives.map((labels) => labels.map(labelName).join(" + ")).join(", or ");
  throw new ProtocolError("missing-label", `this kind needs ${wanted}`, { field });
}
