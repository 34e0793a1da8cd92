import { type Present, type Refused, Status } from "@countersign/key-protocol";
import {
  checkGlyphs,
  type Content,
  decodeContent,
  equalBytes,
  ProtocolError,
  tagOf,
  txDigestOf,
} from "@countersign/protocol";
import type { Device } from "../device.ts";
import { transactionPages } from "../display/transaction-pages.ts";
import type { Credential } from "../storage/key-state.ts";

/** A request that the key is willing to show. */
export interface Transaction {
  readonly request: Present;
  readonly credential: Credential;
  readonly content: Content;
  /** Of the very bytes that were decoded and are shown. */
  readonly txDigest: Uint8Array;
  readonly tag: string;
  readonly pages: readonly (readonly string[])[];
}

/** Checks a request before anything is shown: whose key, then every rule of the content and the display. */
export function readTransaction(device: Device, request: Present): Transaction | { readonly refused: Refused } {
  const credential = device.vault.credential(request.keyId);
  if (credential === undefined) return { refused: { status: Status.NO_KEY } };
  if (!equalBytes(credential.serverId, request.serverId)) return { refused: { status: Status.NOT_ALLOWED } };
  const content = readContent(device, request.content);
  if ("refused" in content) return content;
  const txDigest = txDigestOf(request.content);
  const tag = tagOf(request.txId, request.nonce, txDigest);
  return { request, credential, content, txDigest, tag, pages: transactionPages(content, tag, device.profile.size) };
}

function readContent(device: Device, bytes: Uint8Array): Content | { readonly refused: Refused } {
  try {
    const content = decodeContent(bytes);
    checkGlyphs(content.lines, device.profile.glyphs, content.issuer);
    return content;
  } catch (cause) {
    if (cause instanceof ProtocolError) return { refused: refusalOf(cause) };
    throw cause;
  }
}

/** Turns what the protocol's decoder says into a status: what is malformed, what too long, what not to be shown. */
export function refusalOf(error: ProtocolError): Refused {
  if (error.code === "not-canonical") return { status: Status.BAD_CBOR };
  if (error.code === "too-long" || error.code === "too-many-lines") return { status: Status.TOO_LONG };
  return {
    status: Status.UNRENDERABLE,
    field: error.field ?? "content",
    rule: error.rule ?? error.code,
    ...(error.codePoint === undefined ? {} : { codePoint: error.codePoint }),
  };
}
