// Writes the vector files beside this script; their bytes depend on the sources alone. Run in core/protocol:
//   node --conditions=source vectors/generate.ts
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeVectors } from "../src/vector/suite.ts";
import { SUITES } from "../src/vector/suites.ts";

for (const suite of SUITES) {
  const { accept, reject } = suite.build();
  writeFileSync(join(import.meta.dirname, `${suite.name}.json`), writeVectors(suite));
  console.log(`${suite.name}.json: ${accept.length} accept, ${reject.length} reject`);
}
