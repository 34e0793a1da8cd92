import { test } from "@jest/globals";
import { testKillMatrix } from "../kill/kill-matrix.ts";

/** submit_sm, after its length: command id 4, status 0. */
const SUBMIT_SM = Uint8Array.of(0, 0, 0, 4, 0, 0, 0, 0);

testKillMatrix({
  channel: "sms",
  mostCodes: 2,
  cleansUp: false,
  points: [
    { name: "code", during: "prompt", pattern: SUBMIT_SM, nth: 1 },
    { name: "outcome", during: "outcome", pattern: SUBMIT_SM, nth: 1 },
  ],
  testWith: test,
});
