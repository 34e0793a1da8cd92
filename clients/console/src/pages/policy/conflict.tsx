import { t } from "@countersign/pages";
import type { Policy } from "@countersign/proto/web/admin/v1/admin_service";
import type { JSX } from "preact";
import { differences, type Members, merged } from "./document.ts";
import { MemberTable } from "./member-table.tsx";

interface ConflictProps {
  /** What the text was made from. */
  readonly base: Policy;
  readonly inForce: Policy;
  /** What is written; undefined: it is no document just now. */
  readonly mine: Members | undefined;
  /** The text goes on from what is in force; `document`: what takes its place, undefined: it stays. */
  readonly onSettled: (document: Members | undefined) => void;
}

/** Two administrators at one policy: what the other one changed, and the ways on. */
export function Conflict({ base, inForce, mine, onSettled }: ConflictProps): JSX.Element {
  const [was, theirs] = [membersOf(base), membersOf(inForce)];
  const now = inForce.version;
  return (
    <div class="note note-bad" role="alert">
      <p>
        <strong>{t("policy-conflict", { now, mine: base.version })}</strong>
      </p>
      <MemberTable
        caption={t("policy-conflict-theirs")}
        columns={[t("policy-was"), t("policy-conflict-mine")]}
        rows={differences(was, theirs).map(({ name, before, after }) => [name, before, after])}
      />
      <div class="page-actions">
        {mine !== undefined && (
          <button type="button" onClick={() => onSettled(merged(was, theirs, mine))}>
            {t("policy-merge")}
          </button>
        )}
        <button type="button" class="secondary" onClick={() => onSettled(undefined)}>
          {t("policy-keep", { now })}
        </button>
        <button type="button" class="secondary" onClick={() => onSettled(theirs)}>
          {t("policy-anew", { now })}
        </button>
      </div>
    </div>
  );
}

function membersOf({ documentJson }: Policy): Members {
  return JSON.parse(documentJson) as Members;
}
