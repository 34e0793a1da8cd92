import { t } from "@countersign/pages";
import type { Policy } from "@countersign/proto/web/admin/v1/admin_service";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { tenantId } from "../../shell/tenant.ts";
import { ChangeDialog } from "../../ui/change-dialog.tsx";
import { Conflict } from "./conflict.tsx";
import { differences, documentText, type Members, parseDocument, type Parsed } from "./document.ts";
import { MemberTable } from "./member-table.tsx";
import { Simulation } from "./simulation.tsx";

interface PolicyEditorProps {
  readonly inForce: Policy;
  readonly onChanged: () => void;
}

/** Another document, made from the one in force: what it changes, what it would have changed, and on to the keys. */
export function PolicyEditor({ inForce, onChanged }: PolicyEditorProps): JSX.Element {
  const [base, setBase] = useState(inForce);
  const [text, setText] = useState(() => documentText(inForce.documentJson));
  const [asking, setAsking] = useState(false);
  const parsed = parseDocument(text);
  const before = JSON.parse(base.documentJson) as Members;
  const changed = parsed.ok ? differences(before, parsed.members) : [];
  const documentJson = parsed.ok ? JSON.stringify(parsed.members) : "";
  return (
    <section aria-labelledby="edit">
      <h2 id="edit">{t("policy-edit")}</h2>
      {inForce.version !== base.version && (
        <Conflict
          base={base}
          inForce={inForce}
          mine={parsed.ok ? parsed.members : undefined}
          onSettled={(document) => {
            setBase(inForce);
            if (document !== undefined) setText(`${JSON.stringify(document, null, 2)}\n`);
          }}
        />
      )}
      <Editor text={text} parsed={parsed} onInput={setText} />
      {changed.length > 0 ? (
        <MemberTable
          caption={t("policy-differences")}
          columns={[t("policy-before"), t("policy-after")]}
          rows={changed.map(({ name, before: was, after }) => [name, was, after])}
        />
      ) : (
        parsed.ok && <p class="note">{t("policy-same")}</p>
      )}
      <Simulation documentJson={documentJson} />
      <div class="page-actions">
        <button type="button" disabled={changed.length === 0} onClick={() => setAsking(true)}>
          {t("policy-request")}
        </button>
      </div>
      {asking && (
        <ChangeDialog
          title={t("policy-request-title", { version: base.version })}
          tenantId={tenantId.value}
          what={{ $case: "setPolicy", value: { documentJson, expectedVersion: base.version } }}
          onClose={() => {
            setAsking(false);
            onChanged();
          }}
        >
          <p>{t("policy-request-means")}</p>
        </ChangeDialog>
      )}
    </section>
  );
}

function Editor({
  text,
  parsed,
  onInput,
}: {
  text: string;
  parsed: Parsed;
  onInput: (text: string) => void;
}): JSX.Element {
  const wrong = parsed.ok
    ? undefined
    : parsed.why === "syntax"
      ? t("policy-bad-json", placeIn(parsed))
      : t("policy-no-object");
  return (
    <>
      <label for="policy-text">{t("policy-editor")}</label>
      <textarea
        id="policy-text"
        class="json"
        dir="ltr"
        rows={16}
        spellcheck={false}
        autoComplete="off"
        aria-invalid={wrong === undefined ? undefined : true}
        aria-describedby="policy-wrong"
        value={text}
        onInput={({ currentTarget }) => onInput(currentTarget.value)}
      />
      <p id="policy-wrong" class={wrong === undefined ? "heard-only" : "note note-bad"} role="status">
        {wrong}
      </p>
    </>
  );
}

function placeIn({ line, column }: { line: number; column: number }): { line: number; column: number } {
  return { line, column };
}
