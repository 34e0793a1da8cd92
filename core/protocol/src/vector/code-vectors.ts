import { fromHex, toHex } from "../bytes.ts";
import { deriveCode } from "../code.ts";
import { encodeContent, txDigestOf } from "../content.ts";
import { ProtocolError } from "../protocol-error.ts";
import { macKey } from "#platform";
import { EXAMPLE, OTHER } from "./content-vectors.ts";
import { counting, K_CODE, NONCE, SERVER_ID, TX_ID } from "./fixture.ts";
import { type Named, type Refused, sameOr, type Suite } from "./suite.ts";

interface Inputs {
  readonly kCode: string;
  readonly serverId: string;
  readonly txId: string;
  readonly nonce: string;
  readonly txDigest: string;
  readonly epoch: number;
  readonly n: number;
  readonly digits: number;
}

interface Accept extends Named, Inputs {
  readonly code: string;
}

interface Reject extends Accept, Refused {}

const BASE: Inputs = {
  kCode: toHex(K_CODE),
  serverId: toHex(SERVER_ID),
  txId: toHex(TX_ID),
  nonce: toHex(NONCE),
  txDigest: toHex(txDigestOf(encodeContent(EXAMPLE))),
  epoch: 1,
  n: 1,
  digits: 6,
};

const ACCEPT: readonly (readonly [name: string, change: Partial<Inputs>])[] = [
  ["six digits", {}],
  ["seven digits", { digits: 7 }],
  ["eight digits", { digits: 8 }],
  ["nine digits", { digits: 9 }],
  ["ten digits", { digits: 10 }],
  ["the second issue", { n: 2 }],
  ["another epoch", { epoch: 2 }],
  ["the last issue of the last epoch", { epoch: 0xffff_ffff, n: 0xffff_ffff }],
  ["another transaction", { txId: toHex(counting(16, 0x21)) }],
  ["another server", { serverId: toHex(counting(16, 0x11)) }],
  ["another nonce", { nonce: toHex(counting(32, 0x81)) }],
  ["other content", { txDigest: toHex(txDigestOf(encodeContent(OTHER))) }],
  ["another secret", { kCode: toHex(counting(32, 2)) }],
];

// The code of BASE claimed for something else: each must come out different.
const DIFFERS: readonly (readonly [name: string, change: Partial<Inputs>])[] = [
  ...ACCEPT.slice(5).map(([name, change]) => [`the code of another issue or binding: ${name}`, change] as const),
  ["the code of the server and transaction swapped", { serverId: toHex(TX_ID), txId: toHex(SERVER_ID) }],
  ["the code of the nonce and digest swapped", { nonce: BASE.txDigest, txDigest: BASE.nonce }],
  ["the code of epoch and number in little-endian order", { epoch: 0x0100_0000, n: 0x0100_0000 }],
];

const BAD: readonly (readonly [name: string, change: Partial<Inputs>])[] = [
  ["five digits", { digits: 5 }],
  ["eleven digits", { digits: 11 }],
  ["six and a half digits", { digits: 6.5 }],
  ["a negative epoch", { epoch: -1 }],
  ["an issue above 32 bits", { n: 0x1_0000_0000 }],
  ["a server id of 15 bytes", { serverId: toHex(counting(15)) }],
  ["a transaction id of 17 bytes", { txId: toHex(counting(17)) }],
  ["a nonce of 16 bytes", { nonce: toHex(counting(16)) }],
  ["a digest of 20 bytes", { txDigest: toHex(counting(20)) }],
];

/** The digits that reach the phone. */
export const codeVectors: Suite<Accept, Reject> = {
  name: "code",
  spec: "docs/protocol/code-and-statement.md section 3",
  about:
    "accept: the code is `code`. reject: it is another one (`differs`), or an input is refused (`bad-field`). " +
    "Only a core holds `kCode`; the value here is public.",
  build: () => ({
    accept: ACCEPT.map(([name, change]) => withCode(name, { ...BASE, ...change })),
    reject: [
      ...DIFFERS.map(([name, change]) => ({ name, ...BASE, ...change, code: codeOf(BASE), because: "differs" })),
      ...BAD.map(([name, change]) => ({ name, ...BASE, ...change, code: codeOf(BASE), because: "bad-field" })),
    ],
  }),
  accept: (vector) => ({ code: codeOf(vector) }),
  reject: (vector) => {
    try {
      return sameOr(codeOf(vector), vector.code);
    } catch (error) {
      if (error instanceof ProtocolError) return error.code;
      throw error;
    }
  },
};

function withCode(name: string, inputs: Inputs): Accept {
  return { name, ...inputs, code: codeOf(inputs) };
}

function codeOf(inputs: Inputs): string {
  const { epoch, n, digits } = inputs;
  const bound = {
    serverId: fromHex(inputs.serverId),
    txId: fromHex(inputs.txId),
    nonce: fromHex(inputs.nonce),
    txDigest: fromHex(inputs.txDigest),
    issue: { epoch, n },
  };
  return deriveCode(macKey(fromHex(inputs.kCode)), bound, digits).reveal();
}
