import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { tempFolder } from "@countersign/testing";
import { CliWorld } from "../testing/cli.ts";

interface Vector {
  readonly name: string;
  readonly json: string;
  readonly proof: string;
  readonly because?: string;
  readonly pinned: { readonly serverId: string; readonly publicKeys: readonly string[] };
}

const path = join(import.meta.dirname, "../../../../core/protocol/vectors/receipt.json");
const { accept, reject }: { accept: Vector[]; reject: Vector[] } = JSON.parse(readFileSync(path, "utf8"));
const folder = tempFolder();
const WEAKER = "weaker: the code was typed on the PC and the key showed nothing (FIDO2)";

let world: CliWorld;
beforeEach(async () => {
  world = await CliWorld.open();
});
afterEach(() => world.close());

/** `countersign verify` over a vector's file, pinned as the vector says. */
async function verify({ json, pinned }: Vector, ...flags: readonly string[]): ReturnType<CliWorld["run"]> {
  const file = join(folder, "receipt.json");
  world.write(file, json);
  const { serverId, publicKeys } = pinned;
  world.write(world.config, JSON.stringify({ ...world.settings(), serverId, coreKeys: publicKeys }));
  return world.run("verify", file, ...flags);
}

test.each(accept)("check 30: takes a receipt: $name, and says whether it is weaker", async (vector) => {
  const { code, out } = await verify(vector);
  expect([code, out.includes(WEAKER)]).toEqual([0, vector.proof === "assertion"]);
});

test("check 30: a program learns how the key signed", async () => {
  const vector = accept.find(({ proof }) => proof === "assertion")!;
  const { out } = await verify(vector, "--json");
  expect(JSON.parse(out.trim().split("\n").at(-1)!)).toMatchObject({ verified: true, proof: "assertion" });
});

test.each(reject.filter(({ name }) => /FIDO2|assertion/.test(name)))(
  "check 30: refuses $name, naming the part",
  async (vector) => {
    const { code, out } = await verify(vector);
    expect([code, out]).toEqual([20, expect.stringContaining(`does not verify: ${vector.because}`)]);
  },
);
