import { expect, test } from "@jest/globals";
import { Story } from "./story.ts";

const HEADING = "AMBER TIGER";
const PROMPT = `${HEADING}\n\nPAY\nTo: Blumen Krause\n\nCode: 123 456`;

/** What is told of a phone whose one prompt becomes this. */
function toldOf(outcome: string | undefined): string {
  const told: string[] = [];
  const story = new Story("To: Blumen Krause", (text) => told.push(text));
  const shows = (text: string): void => story.phone([{ id: "1", text, buttons: [] }]);
  story.phone([]);
  story.client('{"tag":"AMBER TIGER"}');
  shows(PROMPT);
  if (outcome !== undefined) shows(`${HEADING}\n\n${outcome}\n\nPAY\nTo: Blumen Krause`);
  story.over();
  return told.at(-1)?.trim().replaceAll(/ +/g, " ") ?? "";
}

test.each([
  "\u2714 Executed 1 Jan 10:00",
  "\u26D4 Stopped by you (wrong data) · nothing was sent",
  "Withdrawn by Acme Bank · nothing was sent",
  "Your phone could not be reached in time · nothing was sent",
])("the phone has the last word: %s", (outcome) => {
  expect(toldOf(outcome)).toBe(`phone says ${outcome}`);
});

test.each([undefined, "\u2714 Confirmed 10:00 · waiting for Acme Bank, until 10:10. You can still stop it."])(
  "what is not over stays a prompt: %s",
  (outcome) => {
    expect(toldOf(outcome)).toBe("phone shows still the prompt: nothing has happened yet");
  },
);
