import { t } from "@countersign/pages";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { tenantId } from "../../shell/tenant.ts";
import { DrawingDialog } from "./drawing-dialog.tsx";
import { Choice } from "../../ui/field.tsx";
import { type Holder, holderField, prefixOf } from "./holder.ts";

/** Seconds until the other tokens end; "none": they stay. */
const OVERLAPS = ["3600", "86400", "604800", "0", "none"];

/** A further token, or one in place of the others once everything uses it. */
export function RotateDialog({ of, onClose }: { of: Holder; onClose: (applied: boolean) => void }): JSX.Element {
  const [overlap, setOverlap] = useState("3600");
  const lasting = overlap === "none" ? undefined : { seconds: BigInt(overlap), nanos: 0 };
  return (
    <DrawingDialog
      title={t("administrators-draw-title", { name: of.name })}
      tenantId={of.kind === "admin" ? "" : tenantId.value}
      prefix={prefixOf(of)}
      fileName={of.name}
      whatOf={(tokenSha256) => ({
        $case: "addToken",
        value: { holder: holderField(of), tokenSha256, overlap: lasting },
      })}
      onClose={onClose}
    >
      <Choice
        label={t("administrators-overlap")}
        value={overlap}
        options={OVERLAPS.map((each) => [each, t(`administrators-overlap-${each}`)])}
        onInput={setOverlap}
      />
    </DrawingDialog>
  );
}
