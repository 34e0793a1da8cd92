import { t } from "@countersign/pages";
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { isPayingElsewhere } from "../payment/one-tab.ts";

/** Says so where another tab of this browser has a payment on its way; looks again whenever this one is looked at. */
export function PaidElsewhere(): JSX.Element | null {
  const [is, setIs] = useState(false);
  useEffect(() => {
    const look = (): void => void isPayingElsewhere(undefined).then(setIs);
    look();
    window.addEventListener("focus", look);
    document.addEventListener("visibilitychange", look);
    return () => {
      window.removeEventListener("focus", look);
      document.removeEventListener("visibilitychange", look);
    };
  }, []);
  if (!is) return null;
  return (
    <p class="note note-warn" role="status">
      {t("elsewhere-other")}
    </p>
  );
}
