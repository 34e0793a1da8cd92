import { t } from "@countersign/pages";
import type { StateCount } from "@countersign/proto/web/admin/v1/admin_service";
import type { JSX } from "preact";
import { formatRoute } from "../../shell/route.ts";
import { StateOf } from "../state/state-of.tsx";

/** Transactions that wait for somebody, by state. */
export function OpenByState({ open }: { open: readonly StateCount[] }): JSX.Element {
  return (
    <section aria-labelledby="open">
      <h2 id="open">{t("overview-open")}</h2>
      {open.length === 0 ? (
        <p>{t("overview-none-open")}</p>
      ) : (
        <ul class="needs">
          {open.map(({ state, count }) => (
            <li key={state}>
              <a href={formatRoute({ page: "transactions", query: { state: String(state) } })}>
                <StateOf state={state} /> <strong>{String(count)}</strong>
              </a>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
