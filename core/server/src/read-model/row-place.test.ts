import { expect, test } from "@jest/globals";
import { eventPlace, firstPlace, LAST_PLACE, placeText, readPlaceText, transactionPlace } from "./row-place.ts";

const AT = 1_800_000_000_000;

test("places are in order of time, then shard, then chain", () => {
  const places = [
    firstPlace(AT),
    eventPlace(AT, 0, 1, 0),
    eventPlace(AT, 0, 1, 1),
    eventPlace(AT, 0, 2, 0),
    eventPlace(AT, 1, 1, 0),
    eventPlace(AT, 1023, 255, 7),
    firstPlace(AT + 1),
    transactionPlace(AT + 1, "0".repeat(31) + "1"),
    transactionPlace(AT + 1, "0".repeat(26) + "1fffff"),
    firstPlace(AT + 2),
    LAST_PLACE,
  ];
  expect(places.toSorted((one, other) => (one < other ? -1 : 1))).toEqual(places);
});

test("a place is read as it was written, and nothing else is", () => {
  for (const place of [0n, eventPlace(AT, 7, 3, 1), LAST_PLACE]) expect(readPlaceText(placeText(place))).toBe(place);
  for (const text of ["", "x", "1.5", "-", " 1", String(LAST_PLACE + 1n), "9".repeat(30)])
    expect(readPlaceText(text)).toBeUndefined();
});
