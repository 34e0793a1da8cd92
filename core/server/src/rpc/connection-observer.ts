/**
 * How a connection was treated that floods have to do with: "ended", as too many of its streams came to nothing; "held"
 * until its turn, as it comes from where a flood came from lately; "refused", as too many from there are held already.
 */
export type Curbed = "ended" | "held" | "refused";

/** Told of such connections. It may neither throw nor take long. */
export interface ConnectionObserver {
  curbed(how: Curbed): void;
}
