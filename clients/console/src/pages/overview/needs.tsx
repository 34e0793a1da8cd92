import { t } from "@countersign/pages";
import type { AdminServiceGetSummaryResponse } from "@countersign/proto/web/admin/v1/admin_service";
import { DeliveryState } from "@countersign/proto/web/core/v1/code_service";
import { State } from "@countersign/proto/web/core/v1/content";
import type { JSX } from "preact";
import { formatRoute, type Route } from "../../shell/route.ts";
import { StateBadge, type Tone } from "../../ui/state-badge.tsx";

interface Need {
  readonly words: string;
  readonly count: bigint;
  readonly tone: Tone;
  readonly to: Partial<Route> & Pick<Route, "page">;
}

/** What somebody should look at, each with a way there; what is none is left out. */
export function Needs({ summary }: { summary: AdminServiceGetSummaryResponse }): JSX.Element {
  const needs = needsOf(summary).filter(({ count }) => count > 0n);
  return (
    <section class="answer" aria-labelledby="needs">
      <h2 id="needs">{t("overview-needs")}</h2>
      {needs.length === 0 ? (
        <p>
          <StateBadge tone="good">{t("overview-nothing")}</StateBadge>
        </p>
      ) : (
        <ul class="needs">
          {needs.map(({ words, count, tone, to }) => (
            <li key={words}>
              <a href={formatRoute(to)}>
                <StateBadge tone={tone}>{t(words)}</StateBadge> <strong>{String(count)}</strong>
              </a>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function needsOf({ bots, deadLetters, pendingChanges, open }: AdminServiceGetSummaryResponse): readonly Need[] {
  const unknown = open.find(({ state }) => state === State.EXECUTION_UNKNOWN)?.count ?? 0n;
  const down = BigInt((bots?.total ?? 0) - (bots?.attached ?? 0));
  const failed = { state: String(DeliveryState.FAILED) };
  return [
    { words: "overview-bots-down", count: down, tone: "bad", to: { page: "channels" } },
    { words: "overview-dead", count: deadLetters, tone: "bad", to: { page: "deliveries", query: failed } },
    {
      words: "overview-unknown",
      count: unknown,
      tone: "bad",
      to: { page: "transactions", query: { state: String(State.EXECUTION_UNKNOWN) } },
    },
    { words: "overview-bots-paused", count: BigInt(bots?.paused ?? 0), tone: "waiting", to: { page: "channels" } },
    {
      words: "overview-changes",
      count: pendingChanges,
      tone: "waiting",
      to: { page: "changes", query: { state: "waiting" } },
    },
  ];
}
