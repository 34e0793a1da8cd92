import { t } from "@countersign/pages";
import type { JSX } from "preact";
import type { Right } from "../../shell/right.ts";
import { Allowed } from "../../ui/allowed.tsx";
import type { HolderAct } from "./act-dialog.tsx";
import type { Holder } from "./holder.ts";

interface HolderActionsProps {
  readonly of: Holder;
  readonly disabled: boolean;
  /** Who may enable it and give it a token. */
  readonly loosens: Right;
  readonly ask: (of: Holder, act: HolderAct) => void;
}

/** What can be done to who holds tokens. */
export function HolderActions({ of, disabled, loosens, ask }: HolderActionsProps): JSX.Element {
  const button = (act: HolderAct, right: Right): JSX.Element => (
    <Allowed to={right}>
      <button
        type="button"
        class="secondary outline small"
        aria-label={t("administrators-of", { verb: t(`administrators-${act}`), what: of.name })}
        onClick={() => ask(of, act)}
      >
        {t(`administrators-${act}`)}
      </button>
    </Allowed>
  );
  return (
    <span class="row-actions">
      {!disabled && button("rotate", loosens)}
      {disabled ? button("enable", loosens) : button("disable", "stop")}
    </span>
  );
}
