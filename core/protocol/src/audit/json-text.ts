// Most texts hold neither quote, backslash, control character nor surrogate, and asking is far cheaper than JSON.stringify.
const NEEDS_ESCAPE = /[^ !#-[\]-\ud7ff\ue000-\uffff]/;

/** A text as JSON writes it. */
export function quote(text: string): string {
  return NEEDS_ESCAPE.test(text) ? JSON.stringify(text) : `"${text}"`;
}
