import { t } from "@countersign/pages";
import { toHex } from "@countersign/protocol";
import type { JSX } from "preact";
import { IdText } from "../../ui/id-text.tsx";
import { Facts } from "../state/facts.tsx";

interface TamperedNoteProps {
  /** Of what the core holds. */
  readonly coreDigest: Uint8Array;
  /** Of what the key signed; empty: of an older core, which kept none. */
  readonly signedDigest: Uint8Array;
}

/** Of TAMPERED: what was different, as far as anybody can know it. */
export function TamperedNote({ coreDigest, signedDigest }: TamperedNoteProps): JSX.Element {
  const signed = signedDigest.length === 0 ? t("transactions-no-signed-digest") : toHex(signedDigest);
  return (
    <section class="note note-bad" aria-labelledby="tampered">
      <h2 id="tampered">{t("transactions-tampered-title")}</h2>
      <p>{t("transactions-tampered-text")}</p>
      <Facts
        facts={[
          [t("transactions-core-digest"), <IdText key="core">{toHex(coreDigest)}</IdText>],
          [t("transactions-signed-digest"), <IdText key="signed">{signed}</IdText>],
        ]}
      />
    </section>
  );
}

/** Of EXECUTION_UNKNOWN: who can end it, and how. */
export function UnknownNote(): JSX.Element {
  return (
    <section class="note note-warn" aria-labelledby="unknown">
      <h2 id="unknown">{t("transactions-unknown-title")}</h2>
      <p>{t("transactions-unknown-text")}</p>
    </section>
  );
}
