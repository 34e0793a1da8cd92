export { SeededRandom } from "./seeded-random.ts";
export {
  type MutatedReport,
  type Mutation,
  MUTATIONS,
  type MutatorGiven,
  type MutatorMessage,
  ReportMutator,
} from "./report-mutator.ts";
