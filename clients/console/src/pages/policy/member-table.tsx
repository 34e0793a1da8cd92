import { t } from "@countersign/pages";
import type { JSX } from "preact";
import { valueText } from "./document.ts";

interface MemberTableProps {
  readonly caption: string;
  /** Of the values. */
  readonly columns: readonly string[];
  /** Name of a member, and its values. */
  readonly rows: readonly (readonly [name: string, ...values: unknown[]])[];
}

/** Members of documents, with their values. */
export function MemberTable({ caption, columns, rows }: MemberTableProps): JSX.Element {
  return (
    <table role="table" class="data members">
      <caption>{caption}</caption>
      <thead role="rowgroup">
        <tr role="row">
          {[t("policy-member"), ...columns].map((each) => (
            <th key={each} role="columnheader" scope="col">
              {each}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {rows.map(([name, ...values]) => (
          <tr key={name} role="row">
            <th role="rowheader" scope="row">
              <code dir="ltr">{name}</code>
            </th>
            {values.map((value, at) => (
              <td key={columns[at]} role="cell">
                {values.length > 1 && (
                  <span class="cell-name" aria-hidden="true">
                    {columns[at]}
                  </span>
                )}
                <bdi dir="ltr">{valueText(value) === "" ? t("policy-none") : valueText(value)}</bdi>
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
