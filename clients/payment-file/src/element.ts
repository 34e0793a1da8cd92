/** An element of the allow-list as it stands in the file. Text is kept as written. */
export interface Element {
  readonly name: string;
  /** With the position among equal siblings where the standard allows several: `PmtInf[2]`. */
  readonly path: string;
  /** Line of its start tag, from 1. */
  readonly line: number;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: Element[];
  /** Of a leaf; empty for a container. */
  text: string;
}

/** A value with the element it came from, so that a later refusal can name it. */
export interface Sourced<T> {
  readonly value: T;
  readonly element: Element;
}

/** First child of that name along the path, or undefined. */
export function childAt(element: Element, ...names: readonly string[]): Element | undefined {
  let at: Element | undefined = element;
  for (const name of names) at = at?.children.find((child) => child.name === name);
  return at;
}

/** Every child of that name, in document order. */
export function childrenOf(element: Element, name: string): Element[] {
  return element.children.filter((child) => child.name === name);
}

/** Text of the leaf along the path, with its element. */
export function textAt(element: Element, ...names: readonly string[]): Sourced<string> | undefined {
  const leaf = childAt(element, ...names);
  return leaf === undefined ? undefined : { value: leaf.text, element: leaf };
}
