// Jest 30 strips TypeScript by itself; types are tsc's job. Run through `npm run jest`, which passes the VM-modules flag.
import { availableParallelism } from "node:os";

export default {
  transform: {},
  extensionsToTreatAsEsm: [".ts"],
  // Most start real processes; a machine that is busy is no failure.
  testTimeout: 300_000,
  testEnvironment: "node",
  testEnvironmentOptions: { customExportConditions: ["source", "node", "node-addons"] },
  setupFiles: ["<rootDir>/scripts/jest/seed.js"],
  testMatch: ["**/src/**/*.test.ts", "<rootDir>/scripts/**/*.test.ts"],
  modulePathIgnorePatterns: ["/dist/", "/.peers/"],
  // Tests of whole processes wait for them about a third of their time: one worker more than cores keeps these at work.
  maxWorkers: availableParallelism() + 1,
  // A worker keeps the modules of every file that it ran; after some hundreds it would be out of memory.
  workerIdleMemoryLimit: "1GB",
  testSequencer: "<rootDir>/scripts/jest/long-first.js",
  reporters: ["default", "<rootDir>/scripts/jest/closing-line.js"],
};
