import { expect, test } from "@jest/globals";
import { Kind, renderFields } from "@countersign/protocol";
import { aLink } from "../delivery/testing/entities.ts";
import { linkDraft, safePeerName, unlinkDraft } from "./link-draft.ts";

const by = { requestId: "r", bodyHash: new Uint8Array(32), createdBy: "core" } as const;

test.each([
  ["Erika Mustermann", "Erika Mustermann"],
  ["Zoë", "Zoë"],
  ["", undefined],
  ["two  spaces", undefined],
  ["right\u202eleft", undefined],
  ["line\nbreak", undefined],
  ["zero\u200bwidth", undefined],
  ["x".repeat(41), undefined],
])("threat 23: a chat's name %j is told as %j", (name, told) => {
  expect(safePeerName(name)).toBe(told);
});

function lines(name: string | undefined): string[] {
  const { kind, fields } = linkDraft(aLink("a", { peerId: "4242", peerName: name }), by);
  return renderFields(kind, fields).map(({ value }) => value);
}

test("what the key shows: platform, stable id, the name if it has one", () => {
  expect(lines("Erika")).toEqual(["telegram", "4242", "Erika"]);
  expect(lines(undefined)).toEqual(["telegram", "4242"]);
});

test("check 20: the key signs the identity that the link is bound to", () => {
  for (const peerIdentity of ["nqOvzeuGWT/sRx3h7+MHoInYj3Uk2LD/unI9kDYcHwk", "!~".repeat(64)]) {
    const { kind, fields } = linkDraft(aLink("a", { peerId: "@erika:example.com", peerIdentity }), by);
    expect(renderFields(kind, fields).map(({ value }) => value)).toEqual([
      "telegram",
      "@erika:example.com",
      peerIdentity,
    ]);
  }
});

test("both kinds are the core's own and act on that link", () => {
  const link = aLink("a");
  expect(linkDraft(link, by)).toMatchObject({
    kind: Kind.LINK,
    createdBy: "core",
    action: { type: "link", linkId: link.linkId },
  });
  expect(unlinkDraft(link, by)).toMatchObject({ kind: Kind.UNLINK, action: { type: "unlink", linkId: link.linkId } });
});
