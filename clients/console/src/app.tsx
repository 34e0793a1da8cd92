import { LiveRegion } from "@countersign/pages";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { session } from "./connection/session.ts";
import { ClaimPage } from "./login/claim-page.tsx";
import { LoginPage } from "./login/login-page.tsx";
import { isAt } from "./shell/router.ts";
import { forgetMe } from "./shell/me.ts";
import { Shell } from "./shell/shell.tsx";
import { forgetTenants } from "./shell/tenant.ts";

/** The console: for who is logged in, and for who is not. */
export function App(): JSX.Element {
  const token = session.value?.token;
  useEffect(() => {
    if (token !== undefined) return;
    forgetMe();
    forgetTenants();
  }, [token]);
  return (
    <>
      {token !== undefined ? <Shell key={token} /> : isAt("claim") ? <ClaimPage /> : <LoginPage />}
      <LiveRegion />
    </>
  );
}
