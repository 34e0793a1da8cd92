import { WaitsFor } from "@countersign/key-protocol";
import { drawPanel } from "../display/panel.ts";
import type { Prompt } from "../prompt.ts";

/** What FIDO asks the person for. */
export type FidoQuestion = "sign-in" | "new key" | "choose" | "reset";

const MARK = "> ";
const RP_ROWS = 3;

/**
 * The page of a FIDO request. It looks like no page of a transaction: there is no page number, kind, label or tag, the
 * name of the website stands behind a mark in each of its rows, and the last row but one says what this is not.
 *
 *   FIDO2 sign-in
 *   > login.example.com
 *   >
 *   >
 *   not a transaction
 *   X no          yes OK
 */
export function fidoPrompt(question: FidoQuestion, rpId?: string): Prompt {
  return {
    page: "fido",
    waitsFor: WaitsFor.TOUCH,
    draw: (size) => {
      const name = rpId === undefined ? [] : rpRows(rpId, size.columns);
      const rows = [...name, ...blank(RP_ROWS - name.length), "not a transaction"];
      return drawPanel({ title: `FIDO2 ${question}`, rows, bottom: "X no  yes OK" }, size);
    },
  };
}

/** Waiting for a finger that the sensor knows. */
export function fidoFingerPrompt(rpId: string | undefined, note: string): Prompt {
  return {
    page: "fido",
    waitsFor: WaitsFor.TOUCH,
    draw: (size) => {
      const name = rpId === undefined ? [] : rpRows(rpId, size.columns).slice(-2);
      const rows = [...name, ...blank(2 - name.length), note, "not a transaction"];
      return drawPanel({ title: "FIDO2 finger", rows, bottom: "X no" }, size);
    },
  };
}

function blank(count: number): string[] {
  return Array.from({ length: Math.max(0, count) }, () => "");
}

// RP ids are host names; what is none is not drawn. The end of a long one is what tells whose it is.
function rpRows(rpId: string, columns: number): string[] {
  const width = columns - MARK.length;
  const room = width * RP_ROWS;
  if (!/^[A-Za-z0-9._:-]+$/.test(rpId)) return [`${MARK}(no host name)`];
  const shown = rpId.length <= room ? rpId : `…${rpId.slice(1 - room)}`;
  const rows: string[] = [];
  for (let at = 0; at < shown.length; at += width) rows.push(MARK + shown.slice(at, at + width));
  return rows;
}
