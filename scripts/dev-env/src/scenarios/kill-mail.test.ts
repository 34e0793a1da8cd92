import { test } from "@jest/globals";
import { testKillMatrix } from "../kill/kill-matrix.ts";

/** The end of a mail's text: with it the server takes the mail. */
const END_OF_DATA = Buffer.from("\r\n.\r\n");

testKillMatrix({
  channel: "mail",
  mostCodes: 2,
  cleansUp: false,
  points: [
    { name: "code", during: "prompt", pattern: END_OF_DATA, nth: 1 },
    { name: "outcome", during: "outcome", pattern: END_OF_DATA, nth: 1 },
  ],
  testWith: test,
});
