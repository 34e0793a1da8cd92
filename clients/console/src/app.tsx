import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { session } from "./connection/session.ts";
import { LoginPage } from "./login/login-page.tsx";
import { forgetMe } from "./shell/me.ts";
import { Shell } from "./shell/shell.tsx";
import { forgetTenants } from "./shell/tenant.ts";
import { LiveRegion } from "./ui/live-region.tsx";

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
      {token === undefined ? <LoginPage /> : <Shell key={token} />}
      <LiveRegion />
    </>
  );
}
