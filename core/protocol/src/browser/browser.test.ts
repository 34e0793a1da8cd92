import { PATIENT_MS, testWith } from "@countersign/testing";
import { afterAll, beforeAll, expect } from "@jest/globals";
import { existsSync } from "node:fs";
import { chromium } from "playwright-core";
import { SUITES } from "../vector/suites.ts";
import type { checkAllVectors } from "./check-vectors.ts";
import { serveSources, type SourceServer } from "./source-server.ts";

const executablePath = process.env["COUNTERSIGN_CHROMIUM"] ?? "/usr/bin/chromium";
const browserTest = testWith("chromium", existsSync(executablePath));

let server: SourceServer;
beforeAll(async () => {
  server = await serveSources();
});
afterAll(() => server.close());

browserTest(
  "Chromium agrees with every vector, by the browser's own platform file",
  async () => {
    const browser = await chromium.launch({ executablePath, timeout: PATIENT_MS });
    try {
      const page = await browser.newPage();
      page.setDefaultTimeout(PATIENT_MS);
      const errors: string[] = [];
      page.on("pageerror", (error) => errors.push(String(error)));
      await page.goto(server.address);
      const script = `import("/src/browser/check-vectors.ts").then(({ checkAllVectors }) => checkAllVectors())`;
      const findings: Awaited<ReturnType<typeof checkAllVectors>> = await page.evaluate(script);
      expect(errors).toEqual([]);
      expect(findings.map(({ name }) => name)).toEqual(SUITES.map(({ name }) => name));
      expect(findings.flatMap(({ wrong }) => wrong)).toEqual([]);
      expect(findings.filter(({ same }) => !same)).toEqual([]);
      expect(findings.every(({ checked }) => checked > 10)).toBe(true);
    } finally {
      await browser.close();
    }
  },
  400_000,
);
