// node --conditions=source scripts/bench-harness/p5.ts [--json] [--repeats N]
// Goal P5: checking a COSE_Sign1 as the core does, against what OpenSSL's own program says of this machine. Both count CPU
// time, in turns. Needs `openssl` in PATH.
import { execFileSync } from "node:child_process";
import { generateKeyPairSync, sign } from "node:crypto";
import { parseArgs } from "node:util";
import {
  coseKeyOfJwk,
  importPublicKey,
  parseSigned,
  SignatureType,
  signMessage,
  verifySigned,
} from "@countersign/protocol";
import { factsOf, spreadOf } from "./figures.ts";

const { values } = parseArgs({
  options: { json: { type: "boolean", default: false }, repeats: { type: "string", default: "5" } },
});
const repeats = Number(values.repeats);
const CHECKS = 5_000;
/** Of a statement, about. */
const PAYLOAD_BYTES = 190;

const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const key = importPublicKey(coseKeyOfJwk(publicKey.export({ format: "jwk" })));
const message = signMessage(
  SignatureType.STATEMENT,
  new Uint8Array(16),
  new Uint8Array(PAYLOAD_BYTES),
  (bytes) => new Uint8Array(sign("sha256", bytes, { key: privateKey, dsaEncoding: "ieee-p1363" })),
);

/** Checks per CPU-second of this process: taken apart and verified, as for each statement that comes in. */
function checksPerSecond(): number {
  const before = process.cpuUsage();
  for (let i = 0; i < CHECKS; i++) {
    if (!verifySigned(parseSigned(message), SignatureType.STATEMENT, key)) throw new Error("a signature does not hold");
  }
  const { user, system } = process.cpuUsage(before);
  return (CHECKS * 1e6) / (user + system);
}

/** The last column of `openssl speed`: verifications per second of CPU. */
function opensslPerSecond(): number {
  const printed = execFileSync("openssl", ["speed", "-seconds", "1", "ecdsap256"], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  const found = /nistp256\)?\s+\S+s\s+\S+s\s+[\d.]+\s+([\d.]+)/.exec(printed)?.[1];
  if (found === undefined) throw new Error(`openssl speed printed something else:\n${printed}`);
  return Number(found);
}

checksPerSecond();
const rows = Array.from({ length: repeats }, () => ({ core: checksPerSecond(), openssl: opensslPerSecond() }));
const core = spreadOf(rows.map((row) => row.core));
const openssl = spreadOf(rows.map((row) => row.openssl));
const ratio = spreadOf(rows.map((row) => row.core / row.openssl));
const version = execFileSync("openssl", ["version"], { encoding: "utf8" }).trim();
const facts = factsOf(["scripts/bench", "P5", ...process.argv.slice(2)]);
if (values.json) console.log(JSON.stringify({ bench: "P5", facts, version, core, openssl, ratio, rows }));
else {
  const line = (name: string, { median, least, most }: typeof core, digits: number): void =>
    console.log(`${name.padEnd(30)}${[median, least, most].map((n) => n.toFixed(digits).padStart(9)).join("")}`);
  console.log(
    `P5: per CPU-second; median, least, most of ${repeats} interleaved repeats; ${version}, load ${facts.load}`,
  );
  line("core: parse and verify", core, 0);
  line("openssl speed ecdsap256", openssl, 0);
  line("ratio, goal 0.90", ratio, 2);
}
