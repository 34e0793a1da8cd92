const LONGEST = ["/vm/", "/admin-cli/", "/install/", "/web-client/", "/docs-harness/"];

function weight({ path }) {
  if (LONGEST.some((folder) => path.includes(folder))) return 3;
  if (path.includes("/dev-env/") || path.includes("/docs-harness/")) return 2;
  return path.includes("device-daemon") || path.includes("crash") ? 1 : 0;
}

/**
 * Virtual machines, whole-process scenarios and the page that meets a limit of prompts a minute run first: they are the longest, and
 * one that began last would be waited for alone. The order says nothing about results: every file stands by itself.
 */
export default class LongFirst {
  sort(tests) {
    return tests.toSorted((one, other) => weight(other) - weight(one) || one.path.localeCompare(other.path));
  }

  shard(tests, { shardIndex, shardCount }) {
    return tests.filter((_test, at) => at % shardCount === shardIndex - 1);
  }

  allFailedTests(tests) {
    return tests;
  }

  cacheResults() {}
}
