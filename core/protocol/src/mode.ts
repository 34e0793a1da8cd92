/** Who shows the transaction to the user. */
export const Mode = {
  /** The key alone; the chat carries the code. */
  KEY_SHOWS: "A",
  /** Key and chat. */
  BOTH_SHOW: "B",
  /** The chat alone: the key has no display. */
  CHAT_SHOWS: "C",
} as const;
/** A, B or C. */
export type Mode = (typeof Mode)[keyof typeof Mode];
