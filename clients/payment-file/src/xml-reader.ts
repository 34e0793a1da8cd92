import { SaxesParser, type SaxesTagNS } from "saxes";
import { allowList, PAIN_VERSIONS, type PainVersion } from "./allow-list.ts";
import type { Element } from "./element.ts";
import type { ContainerRule, ElementRule } from "./element-rule.ts";
import { MAX_FINDINGS, PaymentFileError, type Finding } from "./finding.ts";
import { refusalOf } from "./refused-element.ts";
import { quote } from "./value-rule.ts";

/** Largest file, deepest nesting, longest text of one leaf (UTF-16 units) and most elements. The sender controls them all. */
export const CAPS = { bytes: 262_144, depth: 24, text: 2000, elements: 20_000 } as const;

/** A file whose every element is on the allow-list and holds an allowed value. */
export interface ReadDocument {
  readonly version: PainVersion;
  readonly root: Element;
  /** What is wrong with single elements. The rest of the file may still be checked, and then it is refused. */
  readonly findings: readonly Finding[];
}

const NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:";
const XML_SPACE = /^[ \t\r\n]*$/;
const SLICE = 16 * 1024;

/** Ends the reading at once: what follows could not be understood safely. */
class Stop extends Error {
  override readonly name = "Stop";
}

/**
 * Reads the bytes of a payment file against the allow-list. Throws PaymentFileError when reading cannot go on: malformed
 * XML, a DOCTYPE, a cap, another version. Text is kept as written: spaces around a value are part of it.
 */
export function readDocument(bytes: Uint8Array): ReadDocument {
  const reader = new Reader();
  try {
    reader.read(bytes);
  } catch (error) {
    if (error instanceof Stop) throw new PaymentFileError(reader.findings);
    throw error;
  }
  const { findings, version, root } = reader;
  if (version === undefined || root === undefined) throw new PaymentFileError(findings);
  return { version, root, findings };
}

interface Open {
  readonly element: Element;
  readonly rule: ElementRule;
  /** How many children of each name there are so far. */
  readonly counts: Map<string, number>;
}

class Reader {
  readonly findings: Finding[] = [];
  version: PainVersion | undefined;
  root: Element | undefined;
  readonly #parser = new SaxesParser({ xmlns: true });
  readonly #open: Open[] = [];
  #elements = 0;
  #depth = 0;
  /** Depth at which a refused element was opened; everything inside is passed over. 0: none. */
  #skipFrom = 0;

  read(bytes: Uint8Array): void {
    if (bytes.length > CAPS.bytes)
      this.#stop("file", `has ${bytes.length} bytes, more than ${CAPS.bytes}; split it`, 0);
    const parser = this.#parser;
    parser.on("error", (error) => this.#stop("file", `is not well-formed XML: ${plain(error.message)}`));
    parser.on("doctype", () => this.#stop("file", "has a DOCTYPE, which can hide other content; remove it"));
    parser.on("xmldecl", (declared) => this.#declaration(declared));
    parser.on("opentag", (tag) => this.#start(tag));
    parser.on("closetag", () => this.#end());
    parser.on("text", (text) => this.#text(text));
    parser.on("cdata", () => this.#broken("a CDATA section", "write the text itself, & as &amp;"));
    parser.on("comment", () => this.#insideLeaf("a comment"));
    parser.on("processinginstruction", () => this.#insideLeaf("a processing instruction"));
    const text = this.#decode(bytes);
    // The decoder takes one away, and the parser another.
    if (text.startsWith("\uFEFF")) this.#stop("file", "begins with two byte order marks; leave one or none", 1);
    for (let at = 0; at < text.length; at += SLICE) parser.write(text.slice(at, at + SLICE));
    parser.close();
    if (this.root === undefined) this.#stop("file", "holds no Document", 0);
  }

  #decode(bytes: Uint8Array): string {
    try {
      return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    } catch {
      return this.#stop("file", "is not UTF-8", 0);
    }
  }

  #declaration(declared: { version?: string; encoding?: string }): void {
    if (declared.version !== undefined && declared.version !== "1.0") this.#stop("file", "is not XML 1.0");
    if (declared.encoding !== undefined && declared.encoding.toLowerCase() !== "utf-8") {
      this.#stop("file", `declares encoding ${quote(declared.encoding)}; only UTF-8 is read`);
    }
  }

  #start(tag: SaxesTagNS): void {
    this.#elements += 1;
    this.#depth += 1;
    if (this.#elements > CAPS.elements) this.#stop("file", `has more than ${CAPS.elements} elements; split it`);
    if (this.#depth > CAPS.depth) this.#stop("file", `is nested deeper than ${CAPS.depth} elements`);
    if (this.#skipFrom > 0) return;
    const above = this.#open.at(-1);
    if (above === undefined) this.#startRoot(tag);
    else this.#startChild(tag, above);
  }

  #startRoot(tag: SaxesTagNS): void {
    const version = PAIN_VERSIONS.find((known) => tag.uri === NAMESPACE + known);
    if (tag.local !== "Document" || version === undefined) {
      const found = tag.uri.startsWith(NAMESPACE) ? tag.uri.slice(NAMESPACE.length) : tag.uri;
      this.#stop(plain(tag.local), `is of namespace ${quote(found)}; ${PAIN_VERSIONS.join(" and ")} are read`);
    }
    this.version = version;
    this.root = this.#element("Document", "Document", tag);
    this.#checkAttributes(tag, this.root, []);
    this.#open.push({ element: this.root, rule: allowList(version), counts: new Map() });
  }

  #startChild(tag: SaxesTagNS, above: Open): void {
    const { element: parent, rule, counts } = above;
    const path = `${parent.path}/${plain(tag.local)}`;
    const inNamespace = tag.uri === NAMESPACE + (this.version ?? "");
    if (!inNamespace) return this.#refuse(path, "is not in the namespace of the file");
    if (rule.type === "leaf") return this.#refuse(path, "stands where only text may stand");
    const own = Object.hasOwn(rule.children, tag.local) ? rule.children[tag.local] : undefined;
    if (own === undefined) return this.#refuse(path, refusalOf(tag.local));
    const before = counts.get(tag.local) ?? 0;
    if (before >= own.most)
      return this.#refuse(path, own.most === 1 ? "stands there twice" : `stands there more than ${own.most} times`);
    const element = this.#element(tag.local, own.most > 1 ? `${path}[${before + 1}]` : path, tag);
    this.#checkAttributes(tag, element, own.type === "leaf" ? own.attributes : []);
    parent.children.push(element);
    counts.set(tag.local, before + 1);
    this.#open.push({ element, rule: own, counts: new Map() });
  }

  #element(name: string, path: string, tag: SaxesTagNS): Element {
    const attributes = new Map(Object.values(tag.attributes).map((attribute) => [attribute.name, attribute.value]));
    return { name, path, line: this.#parser.line, attributes, children: [], text: "" };
  }

  /** Namespace declarations and the schema's place are harmless; xsi:nil and xsi:type are not. */
  #checkAttributes(tag: SaxesTagNS, element: Element, allowed: readonly string[]): void {
    for (const { name, prefix } of Object.values(tag.attributes)) {
      const declares = prefix === "xmlns" || name === "xmlns";
      const place = element.name === "Document" && name === "xsi:schemaLocation";
      if (!declares && !place && !allowed.includes(name)) {
        this.#find(element.path, `has an attribute ${quote(name)} that may not be there`, element.line);
      }
    }
    const missing = allowed.filter((name) => !element.attributes.has(name));
    for (const name of missing) this.#find(element.path, `lacks its attribute ${name}`, element.line);
  }

  #text(text: string): void {
    const open = this.#open.at(-1);
    if (this.#skipFrom > 0 || open === undefined) return;
    const { element, rule } = open;
    if (rule.type === "container") {
      if (!XML_SPACE.test(text)) this.#find(element.path, "has text where only elements may stand", this.#parser.line);
      return;
    }
    element.text += text;
    if (element.text.length > CAPS.text) this.#stop(element.path, `has more than ${CAPS.text} characters`);
  }

  #end(): void {
    this.#depth -= 1;
    if (this.#skipFrom > 0) {
      if (this.#depth < this.#skipFrom) this.#skipFrom = 0;
      return;
    }
    const closed = this.#open.pop();
    if (closed === undefined) return;
    const { element, rule } = closed;
    if (rule.type === "container") this.#checkRequired(element, rule);
    else {
      const broken = rule.value(element.text);
      if (broken !== undefined) this.#find(element.path, broken, element.line);
    }
  }

  #checkRequired(element: Element, rule: ContainerRule): void {
    // Empty containers are common in real files, so a required child counts only where its parent holds anything.
    const empty = element.children.length === 0 && element.name !== "PmtInf" && element.name !== "CdtTrfTxInf";
    if (empty && OPTIONAL_WHEN_EMPTY.has(element.name)) return;
    for (const name of rule.required) {
      if (!element.children.some((child) => child.name === name) && !this.#wasRefused(element, name)) {
        this.#find(`${element.path}/${name}`, "is missing", element.line);
      }
    }
  }

  /** A child that stands there and was refused is not missing as well. */
  #wasRefused(element: Element, name: string): boolean {
    return this.findings.some((finding) => finding.element.startsWith(`${element.path}/${name}`));
  }

  #insideLeaf(what: string): void {
    if (this.#open.at(-1)?.rule.type === "leaf") this.#broken(what, "take it out");
  }

  /** Readers differ in what they take as the text around such a thing. */
  #broken(what: string, remedy: string): void {
    const at = this.#open.at(-1)?.element.path ?? "file";
    this.#stop(at, `has ${what} inside, which readers take differently; ${remedy}`);
  }

  #refuse(path: string, rule: string): void {
    this.#find(path, rule, this.#parser.line);
    this.#skipFrom = this.#depth;
  }

  #find(element: string, rule: string, line: number): void {
    this.findings.push({ element, rule, line });
    if (this.findings.length >= MAX_FINDINGS) throw new Stop();
  }

  #stop(element: string, rule: string, line: number = this.#parser.line): never {
    this.findings.push({ element, rule, line });
    throw new Stop();
  }
}

const OPTIONAL_WHEN_EMPTY: ReadonlySet<string> = new Set([
  "SvcLvl",
  "LclInstrm",
  "CtgyPurp",
  "Purp",
  "FinInstnId",
  "DbtrAgt",
  "CdtrAgt",
]);

/** One line of printable ASCII, at most 120 characters; what the parser says quotes the file. */
function plain(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, "?").slice(0, 120);
}
