import { expect, test } from "@jest/globals";
import { readProviderId, writeProviderId } from "./provider-id.ts";

test("what is written is read again", () => {
  for (const mayHoldCode of [true, false]) {
    const shown = { mayHoldCode, room: "!r:x.example:8448", event: "$Abc-_1" };
    expect(readProviderId(writeProviderId(shown))).toEqual(shown);
  }
});

test.each(["", "12", "c|!r:x", "c|!r|$e|more", "x|!r|$e", "c|r|$e", "n|!r|e", "c:!r:$e"])(
  "%j is of another bot",
  (id) => {
    expect(() => readProviderId(id)).toThrow(
      expect.objectContaining({ fate: "permanent", detail: "malformed-delivery" }),
    );
  },
);
