import { testWith } from "@countersign/testing";
import { matrixPhonePresent, synapsePresent } from "@countersign/testing/synapse";
import { testKillMatrix } from "../kill/kill-matrix.ts";

const SEND = Buffer.from("/send/m.room.encrypted/");
const REDACT = Buffer.from("/redact/");

testKillMatrix({
  channel: "matrix",
  mostCodes: 1,
  cleansUp: true,
  points: [
    { name: "code", during: "prompt", pattern: SEND, nth: 1 },
    { name: "redaction of the code", during: "outcome", pattern: REDACT, nth: 1 },
    { name: "outcome", during: "outcome", pattern: SEND, nth: 1 },
  ],
  testWith: testWith("Synapse with matrix-nio", synapsePresent && matrixPhonePresent),
});
