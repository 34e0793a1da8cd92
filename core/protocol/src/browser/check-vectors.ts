import { checkVectors, type VectorFile, writeVectors } from "../vector/suite.ts";
import { SUITES } from "../vector/suites.ts";

/** What a browser found in one file of vectors. */
interface BrowserFinding {
  readonly name: string;
  readonly checked: number;
  /** One line for every vector that this browser gets wrong. */
  readonly wrong: readonly string[];
  /** Whether the browser, making the file anew, gets the same bytes. */
  readonly same: boolean;
}

/** Checks all vector files of this server with this browser's platform. */
export async function checkAllVectors(): Promise<BrowserFinding[]> {
  return Promise.all(
    SUITES.map(async (suite) => {
      const text = await (await fetch(`/vectors/${suite.name}.json`)).text();
      const file: VectorFile = JSON.parse(text);
      const checked = file.accept.length + file.reject.length;
      return { name: suite.name, checked, wrong: checkVectors(suite, file), same: writeVectors(suite) === text };
    }),
  );
}
