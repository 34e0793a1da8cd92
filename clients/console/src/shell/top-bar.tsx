import { LanguageChooser, t } from "@countersign/pages";
import type { JSX } from "preact";
import { logOut } from "../login/log-out.ts";
import { me } from "./me.ts";
import { chooseTenant, tenantId, tenants } from "./tenant.ts";

/** Whose pages these are, what they look at, in which language, and the way out. */
export function TopBar(): JSX.Element {
  const { value } = me;
  return (
    <header class="top-bar">
      <a class="skip" href="#main" onClick={skip}>
        {t("skip")}
      </a>
      <strong class="brand">Countersign</strong>
      <div class="top-choices">
        <TenantChooser />
        <LanguageChooser />
        {value !== undefined && (
          <p class="who">
            <a href="#/me" dir="auto">
              {value.adminId}
            </a>{" "}
            · {t(`role-${value.role}`)}
          </p>
        )}
        <button type="button" class="secondary outline" onClick={() => void logOut()}>
          {t("log-out")}
        </button>
      </div>
    </header>
  );
}

// The address behind # is the page's.
function skip(event: Event): void {
  event.preventDefault();
  document.querySelector<HTMLElement>("main h1")?.focus();
}

function TenantChooser(): JSX.Element | null {
  const { value } = tenants;
  if (value.length === 0) return null;
  return (
    <label class="choice">
      {t("tenant")}
      <select value={tenantId.value} onChange={({ currentTarget }) => chooseTenant(currentTarget.value)}>
        {value.map((each) => (
          <option key={each.tenantId} value={each.tenantId} selected={each.tenantId === tenantId.value}>
            {each.isAdministration ? t("tenant-administration", { issuer: each.issuer }) : each.issuer}
          </option>
        ))}
      </select>
    </label>
  );
}
