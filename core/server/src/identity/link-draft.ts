// Pure: the transactions with which the user's key agrees to a chat, and to its removal.
import { checkSafeText, Kind, Label, type Field } from "@countersign/protocol";
import type { Draft } from "../transaction/draft.ts";
import type { Link } from "./link.ts";

/** A name from the platform is told only if it is safe text; it proves nothing. Attacker-controlled. */
export function safePeerName(name: string): string | undefined {
  try {
    checkSafeText(name, { maxCodePoints: 40 });
    return name === "" ? undefined : name;
  } catch {
    return undefined;
  }
}

/** LINK: platform and stable id on the key, the name if it has one, and the identity that the link is bound to. */
export function linkDraft(link: Link, by: Pick<Draft, "requestId" | "bodyHash">): Draft {
  return { ...draftOf(link, by), kind: Kind.LINK, action: { type: "link", linkId: link.linkId } };
}

/** UNLINK: the same lines. */
export function unlinkDraft(link: Link, by: Pick<Draft, "requestId" | "bodyHash" | "createdBy">): Draft {
  return {
    ...draftOf(link, by),
    createdBy: by.createdBy,
    kind: Kind.UNLINK,
    action: { type: "unlink", linkId: link.linkId },
  };
}

function draftOf(link: Link, { requestId, bodyHash }: Pick<Draft, "requestId" | "bodyHash">): Omit<Draft, "kind"> {
  const { tenantId, userId } = link;
  return { tenantId, userId, createdBy: "core", requestId, bodyHash, fields: fieldsOf(link) };
}

function fieldsOf({ platform, peerId, peerName, peerIdentity }: Link): Field[] {
  return [
    text(Label.CHANNEL, platform),
    text(Label.ADDRESS, peerId ?? ""),
    ...(peerName === undefined ? [] : [text(Label.DETAIL_1, peerName)]),
    ...(peerIdentity === undefined ? [] : [text(Label.DETAIL_2, peerIdentity)]),
  ];
}

function text(label: Label, value: string): Field {
  return { label, value: { type: "text", text: value } };
}
