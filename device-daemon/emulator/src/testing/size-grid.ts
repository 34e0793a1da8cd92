import { type DisplaySize, LARGEST, SMALLEST } from "../display/display-size.ts";

/** Every display that a key can be built with. */
export const SIZES: readonly DisplaySize[] = Array.from(
  { length: LARGEST.columns - SMALLEST.columns + 1 },
  (_, across) =>
    Array.from({ length: LARGEST.rows - SMALLEST.rows + 1 }, (_down, down) => ({
      columns: SMALLEST.columns + across,
      rows: SMALLEST.rows + down,
    })),
).flat();
