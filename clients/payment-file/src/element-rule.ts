import type { ValueRule } from "./value-rule.ts";

/**
 * What this reader does with an element. Every element that is allowed is one of these; the rest is refused, because a
 * field that changes what the bank does and that no line shows must not pass.
 */
export type ElementRule = ContainerRule | LeafRule;

export interface ContainerRule {
  readonly type: "container";
  readonly children: Readonly<Record<string, ElementRule>>;
  /** Children that must be there. */
  readonly required: readonly string[];
  /** How often it may stand beside its like. A second one of a single element is refused: readers differ in which they take. */
  readonly most: number;
}

export interface LeafRule {
  readonly type: "leaf";
  /** shown: a line carries it; checked: only values without effect of their own pass; harmless: see `because`. */
  readonly use: "shown" | "checked" | "harmless";
  /** Why a harmless element needs no line. */
  readonly because: string;
  readonly value: ValueRule;
  /** Attributes it must have; no others are allowed. */
  readonly attributes: readonly string[];
  readonly most: number;
}

const MANY = 100_000;

export function container(
  children: Readonly<Record<string, ElementRule>>,
  required: readonly string[] = [],
): ContainerRule {
  return { type: "container", children, required, most: 1 };
}

export function shown(value: ValueRule, attributes: readonly string[] = []): LeafRule {
  return { type: "leaf", use: "shown", because: "", value, attributes, most: 1 };
}

export function checked(value: ValueRule): LeafRule {
  return { type: "leaf", use: "checked", because: "", value, attributes: [], most: 1 };
}

export function harmless(because: string, value: ValueRule): LeafRule {
  return { type: "leaf", use: "harmless", because, value, attributes: [], most: 1 };
}

/** The same rule for an element that may stand several times. */
export function many<T extends ElementRule>(rule: T, most: number = MANY): T {
  return { ...rule, most };
}
