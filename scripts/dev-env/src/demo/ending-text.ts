/** What the client's exit code means, in the words of docs/how-to/exit-codes.md, for those who watch. */
export function endingText(exitCode: number, detail: Readonly<Record<string, unknown>>): string {
  const because = typeof detail["because"] === "string" && detail["because"] !== "" ? ` (${detail["because"]})` : "";
  const text = TEXT[exitCode];
  return text === undefined ? `ended with exit code ${exitCode}` : text.replace("@", because);
}

const TEXT: Readonly<Record<number, string>> = {
  0: "✔ Executed, receipt verified",
  2: "✘ Refused before anything was asked · nothing was sent",
  10: "⛔ Stopped by the user on the key@ · nothing was sent",
  11: "⌛ Expired · nothing was sent",
  12: "⚠ STOPPED: what was signed is not what the core holds, this PC may be unsafe · nothing was sent",
  13: "⛔ Stopped by the user in the chat@ · nothing was sent",
  14: "✘ No key · nothing was sent",
  15: "✘ The phone could not be reached · nothing was sent",
  16: "⛔ Too many wrong codes · nothing was sent",
  17: "⛔ Withdrawn · nothing was sent",
  18: "✘ Confirmed, but it could not be carried out",
  19: "? Confirmed; nobody knows yet whether it was carried out",
  20: "⚠ The answer does not verify: trust the phone, not this PC",
  21: "✘ Not confirmed · nothing was sent",
  22: "⛔ The same was asked before · not sent again",
  23: "⛔ The user is frozen or blocked · nothing was sent",
  24: "⚠ STOPPED: the core holds other lines than the file; the key was not asked · nothing was sent",
  69: "✘ Something that is needed is not there",
  75: "✘ Busy: try later",
};
