import { expect, test } from "@jest/globals";
import { adviceOn } from "./advice.ts";
import { DEFAULT_POLICY } from "./policy-document.ts";

const limit = [{ currency: "EUR", minorUnits: 20_000n }];

const any = "fidoModels";
const models = { fidoModels: ["11112222-3333-4444-5555-666677778888"] };
const listed = { ...models, fidoRoots: [{ certificate: "PEM" }] };
const passkeys = { webauthn: { origins: [], passkeys: "allowed" } } as const;

test.each([
  ["mode C without a limit", {}, ["modeCLimit", any]],
  ["mode C with one", { modeCLimit: limit }, [any]],
  ["no mode C", { modes: ["A", "B"] as const, ...passkeys }, []],
  ["mail without high value", { modeCLimit: limit, channels: ["mail"] as const, ...listed }, ["highValue"]],
  ["mail with high value", { modeCLimit: limit, channels: ["mail", "sms"] as const, highValue: limit }, [any]],
  ["FIDO2 models that are listed", { modeCLimit: limit, ...listed }, []],
  ["models that nobody vouches for", { modeCLimit: limit, ...models }, ["fidoRoots"]],
  ["passkeys", { modeCLimit: limit, ...listed, ...passkeys }, ["webauthn.passkeys"]],
])("%s", (_what, over, about) => {
  expect(adviceOn({ ...DEFAULT_POLICY, ...over }).map((text) => text.split(" ")[0])).toEqual(about);
});
