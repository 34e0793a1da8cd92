/** `length` bytes that nobody can foresee. */
export type Random = (length: number) => Uint8Array;
