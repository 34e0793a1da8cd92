import { t } from "@countersign/pages";
import type { DeliveryAttempt } from "@countersign/proto/web/core/v1/code_service";
import type { JSX } from "preact";
import { TimeText } from "../../ui/time-text.tsx";
import { DeliveryStateOf } from "../state/state-of.tsx";

/** Where the code went, chat by chat. */
export function Attempts({ attempts }: { attempts: readonly DeliveryAttempt[] }): JSX.Element {
  if (attempts.length === 0) return <p class="note">{t("transactions-no-deliveries")}</p>;
  return (
    <ul class="cards">
      {attempts.map(({ linkId, platform, state, reason, at, issue }) => (
        <li key={`${linkId} ${issue}`}>
          <strong>{platform}</strong> <DeliveryStateOf state={state} /> <TimeText at={at} />
          {reason !== "" && (
            <>
              {" "}
              <code dir="ltr">{reason}</code>
            </>
          )}
        </li>
      ))}
    </ul>
  );
}
