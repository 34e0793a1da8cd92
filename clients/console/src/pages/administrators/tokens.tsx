import { t } from "@countersign/pages";
import type { Token } from "@countersign/proto/web/admin/v1/admin_service";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { admin } from "../../connection/core.ts";
import { tenantId } from "../../shell/tenant.ts";
import { Allowed } from "../../ui/allowed.tsx";
import { ConfirmStop } from "../../ui/confirm-stop.tsx";
import { IdText } from "../../ui/id-text.tsx";
import { TimeText } from "../../ui/time-text.tsx";
import { type Holder, holderField } from "./holder.ts";

interface TokensProps {
  readonly of: Holder;
  readonly tokens: readonly Token[];
  readonly onChanged: () => void;
}

/** Tokens that open something, by their hashes; nothing tells the tokens themselves. */
export function Tokens({ of, tokens, onChanged }: TokensProps): JSX.Element {
  const [asked, setAsked] = useState<Token | undefined>(undefined);
  if (tokens.length === 0) return <>{t("administrators-no-tokens")}</>;
  const revoke = async (): Promise<void> => {
    const holder = holderField(of);
    await admin.revokeToken({ tenantId: tenantId.value, holder, tokenSha256: asked?.tokenSha256 ?? "" });
  };
  return (
    <details>
      <summary>{tokens.length}</summary>
      <ul class="tokens">
        {tokens.map((token) => (
          <li key={token.tokenSha256}>
            <TokenText token={token} />
            <Allowed to="stop">
              <button
                type="button"
                class="secondary outline small"
                aria-label={t("administrators-of", { verb: t("administrators-revoke"), what: token.tokenSha256 })}
                onClick={() => setAsked(token)}
              >
                {t("administrators-revoke")}
              </button>
            </Allowed>
          </li>
        ))}
      </ul>
      {asked !== undefined && (
        <ConfirmStop
          title={t("administrators-revoke-title", { name: of.name })}
          verb={t("administrators-revoke")}
          onStop={revoke}
          onClose={() => {
            setAsked(undefined);
            onChanged();
          }}
        >
          <p>{t("administrators-revoke-means")}</p>
          <p>
            <IdText>{asked.tokenSha256}</IdText>
          </p>
        </ConfirmStop>
      )}
    </details>
  );
}

function TokenText({ token: { tokenSha256, issuedAt, expiresAt } }: { token: Token }): JSX.Element {
  return (
    <span class="stacked">
      <small>
        <IdText>{tokenSha256}</IdText>
      </small>
      <small>
        {t("administrators-token-issued")} <TimeText at={issuedAt} />
        {expiresAt !== undefined && (
          <>
            {" · "}
            {t("administrators-token-ends")} <TimeText at={expiresAt} />
          </>
        )}
      </small>
    </span>
  );
}
