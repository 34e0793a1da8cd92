import { t } from "@countersign/pages";
import type { DeliveryFinding } from "@countersign/proto/web/admin/v1/admin_service";
import type { JSX } from "preact";
import { formatRoute } from "../../shell/route.ts";
import { StateBadge } from "../../ui/state-badge.tsx";
import { TimeText } from "../../ui/time-text.tsx";
import { Facts } from "../state/facts.tsx";
import { adviceText, placeToAct, reasonText, toneOfReason } from "./finding-text.ts";

/** A reason: what it means, what to do next and where, and what is known beside it. */
export function FindingNote({ finding, userId }: { finding: DeliveryFinding; userId: string }): JSX.Element {
  const { reason, detail, since, until, by, ahead, providerId } = finding;
  const advice = adviceText(finding);
  const place = placeToAct(reason, userId);
  return (
    <div class="finding">
      <p>
        <StateBadge tone={toneOfReason(reason)}>{reasonText(finding)}</StateBadge>
      </p>
      {advice !== "" && (
        <p>
          <strong>{t("deliveries-do-next")}</strong> {advice}{" "}
          {place !== undefined && <a href={formatRoute(place.to)}>{t(place.words)}</a>}
        </p>
      )}
      <Facts
        facts={[
          [t("deliveries-observed"), detail !== "" && <code dir="ltr">{detail}</code>],
          [t("deliveries-since"), since && <TimeText at={since} />],
          [t("deliveries-until-when"), until && <TimeText at={until} />],
          [t("deliveries-by"), by],
          [t("deliveries-ahead"), ahead > 0 && ahead],
          [t("deliveries-provider-id"), providerId],
        ]}
      />
    </div>
  );
}
