import { test } from "@jest/globals";
import { testKillMatrix } from "../kill/kill-matrix.ts";

const call = (method: string): Uint8Array => Buffer.from(`/${method} HTTP/1.1\r\n`);

testKillMatrix({
  channel: "telegram",
  mostCodes: 1,
  cleansUp: true,
  points: [
    { name: "notice", during: "prompt", pattern: call("sendMessage"), nth: 1 },
    { name: "code", during: "prompt", pattern: call("editMessageText"), nth: 1 },
    { name: "outcome", during: "outcome", pattern: call("editMessageText"), nth: 1 },
  ],
  testWith: test,
});
