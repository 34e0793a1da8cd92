import { t } from "@countersign/pages";
import type { AuditEvent } from "@countersign/proto/web/admin/v1/audit_service";
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { tenantId } from "../../shell/tenant.ts";
import { Timeline } from "../../ui/timeline.tsx";
import { EventFacts } from "./event-facts.tsx";
import { eventWords } from "./event-words.ts";
import { SubjectLink } from "./subject-link.tsx";
import { followAudit, idOf } from "./tail.ts";

/** So many of the newest are kept. */
const MOST = 50;

/** Events as they happen, newest first; not followed while nobody looks. Many a second would be noise: none is announced. */
export function LiveEvents({ label, event = "" }: { label: string; event?: string }): JSX.Element {
  const [events, setEvents] = useState<readonly AuditEvent[]>([]);
  const [isOn, setOn] = useState(true);
  const [connected, setConnected] = useState<boolean | undefined>(undefined);
  const [bug, setBug] = useState<unknown>(undefined);
  const isLookedAt = useIsLookedAt();
  const following = isOn && isLookedAt;
  useEffect(() => {
    if (!following) return;
    const leaving = new AbortController();
    const hears = {
      events: (fresh: readonly AuditEvent[]) => setEvents((held) => [...fresh.toReversed(), ...held].slice(0, MOST)),
      connected: setConnected,
    };
    followAudit({ tenantId: tenantId.value, event }, hears, leaving.signal).catch(setBug);
    return () => leaving.abort();
  }, [following, event]);
  if (bug !== undefined) throw bug;
  return (
    <section aria-label={label}>
      <p class="fine">
        {t(isOn ? standing(connected) : "overview-live-off")}{" "}
        <button type="button" class="link" onClick={() => setOn(!isOn)}>
          {t(isOn ? "overview-pause" : "overview-go-on")}
        </button>
      </p>
      {events.length === 0 ? (
        <p class="note">{t("overview-live-none")}</p>
      ) : (
        <Timeline label={label} events={events.map(happened)} />
      )}
    </section>
  );
}

/** Before the core has answered nothing is known to come in. */
function standing(connected: boolean | undefined): string {
  return connected === undefined ? "loading" : connected ? "overview-live-on" : "overview-live-broken";
}

function happened(event: AuditEvent): Parameters<typeof Timeline>[0]["events"][number] {
  return {
    id: idOf(event),
    at: event.at,
    what: eventWords(event.event),
    actor: event.actor,
    detail: (
      <>
        <SubjectLink subject={event.subject} />
        <EventFacts detailJson={event.detailJson} />
      </>
    ),
  };
}

function useIsLookedAt(): boolean {
  const [is, setIs] = useState(!document.hidden);
  useEffect(() => {
    const look = (): void => setIs(!document.hidden);
    document.addEventListener("visibilitychange", look);
    return () => document.removeEventListener("visibilitychange", look);
  }, []);
  return is;
}
