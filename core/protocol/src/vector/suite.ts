import { ProtocolError } from "../protocol-error.ts";

/** Members that a check computed; each must equal the vector's member of the same name. */
type Outputs = Readonly<Record<string, string | number>>;

/** What every vector has: a name that says what is special about it. */
export interface Named {
  readonly name: string;
}

/** A vector that must be refused, and why: an error code, a rule or a part, or `differs`. */
export interface Refused extends Named {
  readonly because: string;
}

/** One file of vectors: how it is made, and how an implementation is checked against it. */
export interface Suite<Accept extends Named = Named, Reject extends Refused = Refused> {
  readonly name: string;
  readonly spec: string;
  /** How to use the members, for somebody who implements the protocol in another language. */
  readonly about: string;
  build(): { readonly accept: readonly Accept[]; readonly reject: readonly Reject[] };
  accept(vector: Accept): Outputs;
  /** Why this implementation refuses it, or `accepted`. */
  reject(vector: Reject): string;
}

/** A file of vectors as it is stored. */
export interface VectorFile {
  readonly format: "countersign-vectors/1";
  readonly name: string;
  readonly spec: string;
  readonly about: string;
  readonly accept: readonly Named[];
  readonly reject: readonly Refused[];
}

/** The stored form: two spaces, every character beyond printable ASCII escaped, so that invisible ones show. */
export function writeVectors(suite: Suite): string {
  const { name, spec, about } = suite;
  const file: VectorFile = { format: "countersign-vectors/1", name, spec, about, ...suite.build() };
  return `${JSON.stringify(file, null, 2).replace(/[^\n -~]/g, escaped)}\n`;
}

function escaped(unit: string): string {
  return String.raw`\u` + unit.charCodeAt(0).toString(16).padStart(4, "0");
}

/** Checks this implementation against a file; one line for every vector that it gets wrong. */
export function checkVectors(suite: Suite, file: VectorFile): string[] {
  return [
    ...file.accept.flatMap((vector) => checkAccept(suite, vector)),
    ...file.reject.flatMap((vector) => checkReject(suite, vector)),
  ];
}

/** One line for every member that differs. */
export function checkAccept(suite: Suite, vector: Named): string[] {
  const wanted = new Map<string, unknown>(Object.entries(vector));
  try {
    return Object.entries(suite.accept(vector))
      .filter(([member, value]) => wanted.get(member) !== value)
      .map(([member, value]) => `${suite.name}: ${vector.name}: ${member} is ${value}`);
  } catch (error) {
    return [`${suite.name}: ${vector.name}: ${String(error)}`];
  }
}

/** A line when the vector is accepted or refused for another reason. */
export function checkReject(suite: Suite, vector: Refused): string[] {
  const because = suite.reject(vector);
  return because === vector.because ? [] : [`${suite.name}: ${vector.name}: ${because}, not ${vector.because}`];
}

/** The code of the refusal, or `accepted`. */
export function refusalOf(decode: () => unknown): string {
  try {
    decode();
    return "accepted";
  } catch (error) {
    if (error instanceof ProtocolError) return error.code;
    throw error;
  }
}

/** The value, or undefined when it is refused with a ProtocolError; any other error is a bug and passes on. */
export function unlessRefused<Value>(decode: () => Value): Value | undefined {
  try {
    return decode();
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}

/** `accepted` when a computed value equals the vector's, else `differs`. */
export function sameOr(computed: string, claimed: string): string {
  return computed === claimed ? "accepted" : "differs";
}
