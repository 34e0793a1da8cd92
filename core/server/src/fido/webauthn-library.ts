import type { VerifiedRegistrationResponse } from "@simplewebauthn/server";

/** What the library read out of a registration that it verified. */
export type RegistrationInfo = NonNullable<VerifiedRegistrationResponse["registrationInfo"]>;
type Server = typeof import("@simplewebauthn/server");
type Helpers = typeof import("@simplewebauthn/server/helpers");
/** What the core uses of @simplewebauthn/server. */
export type WebauthnLibrary = Pick<Server, "verifyRegistrationResponse"> &
  Pick<Helpers, "COSEALG" | "decodeAttestationObject" | "decodeCredentialPublicKey" | "parseAuthenticatorData">;

let loading: Promise<WebauthnLibrary> | undefined;

/** Loaded with the first registration: 130 ms and 26 MB that a core without FIDO2 keys does not need. */
export function webauthnLibrary(): Promise<WebauthnLibrary> {
  loading ??= load();
  return loading;
}

async function load(): Promise<WebauthnLibrary> {
  const [server, helpers] = await Promise.all([
    import("@simplewebauthn/server"),
    import("@simplewebauthn/server/helpers"),
  ]);
  // Whom to trust is decided here, by the tenant's policy and offline: without roots the library checks signatures alone.
  server.SettingsService.setRootCertificates({ identifier: "apple", certificates: [] });
  return { ...server, ...helpers };
}
