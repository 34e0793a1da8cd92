import { expect, test } from "@jest/globals";
import { dateOf, timestampOf, timeText } from "./timestamp.ts";

const DATE = new Date("2026-11-22T13:32:10.250Z");

test("timestamps keep milliseconds both ways, before 1970 too", () => {
  for (const date of [DATE, new Date(-1), new Date(0)]) expect(dateOf(timestampOf(date))).toEqual(date);
  expect(dateOf(undefined)).toBeUndefined();
});

test.each([
  { zone: "Europe/Berlin", text: "14:32:10 (UTC+1)" },
  { zone: "UTC", text: "13:32:10 (UTC+0)" },
  { zone: "Asia/Kolkata", text: "19:02:10 (UTC+5:30)" },
  { zone: "America/New_York", text: "08:32:10 (UTC-5)" },
])("$zone: $text", ({ zone, text }) => {
  expect(timeText(DATE, zone)).toBe(text);
});

test("with the day, ISO first; midnight is 00", () => {
  expect(timeText(new Date("2026-11-22T23:00:00Z"), "Europe/Berlin", true)).toBe("2026-11-23 00:00:00 (UTC+1)");
});
