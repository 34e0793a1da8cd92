// For tests: pages in a real Chromium whose authenticator is its own virtual one, driven over the DevTools protocol.
import { type PageServer, PATIENT_MS, servePages } from "@countersign/testing";
import {
  encodeStatement,
  fidoChallengeOf,
  fromBase64url,
  fromHex,
  encodeAssertion,
  toBase64url,
} from "@countersign/protocol";
import { chromium, type Browser, type CDPSession, type Page } from "playwright-core";
import type { FidoRegistrationRequest } from "@countersign/proto/node/core/v1/key_service";
import type { Registration } from "../fido/read-registration.ts";
import type { Transaction } from "../transaction/transaction.ts";
import type { CoreWorld } from "./core-world.ts";

export const CHROMIUM: string = process.env["COUNTERSIGN_CHROMIUM"] ?? "/usr/bin/chromium";

/** What is plugged in, or built in. */
export interface Authenticator {
  readonly transport: "usb" | "internal";
  readonly hasResidentKey?: boolean;
  readonly hasUserVerification?: boolean;
  readonly isUserVerified?: boolean;
  readonly defaultBackupEligibility?: boolean;
  readonly defaultBackupState?: boolean;
}

type Asked = { readonly userVerification?: "required" | "discouraged"; readonly attestation?: "none" | "direct" };

/** One page of a site, with an authenticator. */
export class WebauthnPage {
  readonly #page: Page;
  readonly #devtools: CDPSession;
  #authenticatorId = "";

  private constructor(page: Page, devtools: CDPSession) {
    this.#page = page;
    this.#devtools = devtools;
  }

  static async open(browser: Browser, address: string): Promise<WebauthnPage> {
    const context = await browser.newContext();
    context.setDefaultTimeout(PATIENT_MS);
    const page = await context.newPage();
    const devtools = await context.newCDPSession(page);
    await devtools.send("WebAuthn.enable");
    await page.goto(address);
    return new WebauthnPage(page, devtools);
  }

  async plug(authenticator: Authenticator): Promise<void> {
    const options = {
      protocol: "ctap2",
      ctap2Version: "ctap2_1",
      hasUserVerification: true,
      isUserVerified: true,
    } as const;
    const added = await this.#devtools.send("WebAuthn.addVirtualAuthenticator", {
      options: { ...options, automaticPresenceSimulation: true, ...authenticator },
    });
    this.#authenticatorId = added.authenticatorId;
  }

  /** Another site asks the same authenticator. */
  async visit(address: string): Promise<void> {
    await this.#page.goto(address);
  }

  /** navigator.credentials.create, as a client asks for it. */
  async register(request: FidoRegistrationRequest, challenge: Uint8Array, asked: Asked = {}): Promise<Registration> {
    const options = {
      challenge: toBase64url(challenge),
      rpId: request.rpId,
      user: toBase64url(new Uint8Array(request.userHandle)),
      name: request.userName,
      exclude: request.exclude.map(({ credentialId }) => toBase64url(new Uint8Array(credentialId))),
      userVerification: asked.userVerification ?? "required",
      attestation: asked.attestation ?? "none",
    };
    const made = await this.#run(CREATE, options);
    return {
      credentialId: fromBase64url(made.id),
      clientDataJson: fromBase64url(made.clientDataJson),
      attestationObject: fromBase64url(made.attestationObject),
      transports: made.transports,
    };
  }

  /** navigator.credentials.get over the statement that the client made of the typed code: an envelope. */
  async assert(
    world: CoreWorld,
    of: Transaction,
    { keyId, rpId, credentialId }: { readonly keyId: string; readonly rpId: string; readonly credentialId: Uint8Array },
    asked: Asked & { readonly code?: string } = {},
  ): Promise<Uint8Array> {
    const zeros = { shown: 0, codeEntry: 0, userVerification: 0, counter: 0 } as const;
    const code = asked.code === undefined ? {} : { code: asked.code };
    const statement = encodeStatement(world.statement(of, { ...zeros, ...code }));
    const options = {
      challenge: toBase64url(fidoChallengeOf(statement)),
      rpId,
      id: toBase64url(credentialId),
      userVerification: asked.userVerification ?? "required",
    };
    const made = await this.#run(GET, options);
    return encodeAssertion({
      keyId: fromHex(keyId),
      statement,
      authenticatorData: fromBase64url(made.authenticatorData),
      clientDataJson: fromBase64url(made.clientDataJson),
      signature: fromBase64url(made.signature),
    });
  }

  /** A copy of the credential as it was when its counter stood here. */
  async setCounter(signCount: number): Promise<void> {
    const { authenticatorId } = this.#withId();
    const { credentials } = await this.#devtools.send("WebAuthn.getCredentials", { authenticatorId });
    await this.#devtools.send("WebAuthn.clearCredentials", { authenticatorId });
    for (const credential of credentials) {
      await this.#devtools.send("WebAuthn.addCredential", {
        authenticatorId,
        credential: { ...credential, signCount },
      });
    }
  }

  /** Whether the credential counts as copied from now on. */
  async setBackedUp(credentialId: Uint8Array, backupState: boolean): Promise<void> {
    const id = Buffer.from(credentialId).toString("base64");
    await this.#devtools.send("WebAuthn.setCredentialProperties", {
      ...this.#withId(),
      ...{ credentialId: id, backupState },
    });
  }

  #run(body: string, asked: object): Promise<Made> {
    return this.#page.evaluate(`(async () => { const asked = ${JSON.stringify(asked)}; ${BYTES} ${body} })()`);
  }

  #withId(): { readonly authenticatorId: string } {
    return { authenticatorId: this.#authenticatorId };
  }
}

/** A browser and a site with two addresses: of the second no policy knows. */
export class WebauthnBrowser {
  readonly #browser: Browser;
  readonly #sites: readonly [PageServer, PageServer];

  private constructor(browser: Browser, sites: readonly [PageServer, PageServer]) {
    this.#browser = browser;
    this.#sites = sites;
  }

  static async open(): Promise<WebauthnBrowser> {
    const sites = [await servePages(), await servePages()] as const;
    return new WebauthnBrowser(await chromium.launch({ executablePath: CHROMIUM, timeout: PATIENT_MS }), sites);
  }

  get origin(): string {
    return this.#sites[0].origin;
  }
  get otherOrigin(): string {
    return this.#sites[1].origin;
  }

  page(): Promise<WebauthnPage> {
    return WebauthnPage.open(this.#browser, this.origin);
  }

  async close(): Promise<void> {
    await this.#browser.close();
    for (const site of this.#sites) await site.close();
  }
}

interface Made {
  readonly id: string;
  readonly clientDataJson: string;
  readonly attestationObject: string;
  readonly transports: string[];
  readonly authenticatorData: string;
  readonly signature: string;
}

// As text: the page's own types are none of this package's.
const BYTES = `const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (one) => one.charCodeAt(0));
const text = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");`;

const CREATE = `
  const made = await navigator.credentials.create({ publicKey: {
    challenge: bytes(asked.challenge), rp: { id: asked.rpId, name: "Example Bank" },
    user: { id: bytes(asked.user), name: asked.name, displayName: asked.name },
    pubKeyCredParams: [{ type: "public-key", alg: -7 }],
    authenticatorSelection: { userVerification: asked.userVerification, residentKey: "discouraged" },
    excludeCredentials: asked.exclude.map((id) => ({ type: "public-key", id: bytes(id) })),
    attestation: asked.attestation, timeout: 100000 } });
  return { id: text(made.rawId), clientDataJson: text(made.response.clientDataJSON),
    attestationObject: text(made.response.attestationObject), transports: made.response.getTransports() };`;

const GET = `
  const made = await navigator.credentials.get({ publicKey: {
    challenge: bytes(asked.challenge), rpId: asked.rpId, userVerification: asked.userVerification,
    allowCredentials: [{ type: "public-key", id: bytes(asked.id) }], timeout: 100000 } });
  return { authenticatorData: text(made.response.authenticatorData), clientDataJson: text(made.response.clientDataJSON),
    signature: text(made.response.signature) };`;
