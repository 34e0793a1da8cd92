// Who has no collector pays nothing: not even the reading of the packages. (prom-client reads the API by itself.)
import { execFile } from "node:child_process";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "@jest/globals";

const ROOT = pathToFileURL(`${process.cwd()}/`);

function script(then: string): string {
  return `
    import { registerHooks } from "node:module";
    let loaded = 0;
    registerHooks({ load(url, context, next) { if (/@opentelemetry.(?!api.)/.test(url)) loaded += 1; return next(url, context); } });
    const { startCore } = await import(${JSON.stringify(new URL("core/server/src/start-core.ts", ROOT).href)});
    if (startCore === undefined) throw new Error("no core");
    ${then}
    process.stdout.write(String(loaded));
  `;
}

async function loaded(then: string): Promise<number> {
  const args = ["--conditions=source", "--input-type=module", "--eval", script(then)];
  return Number((await promisify(execFile)(process.execPath, args, { cwd: process.cwd() })).stdout);
}

test("a core without a collector loads no tracer and no exporter", async () => {
  expect(await loaded("")).toBe(0);
});

test("the search finds what is loaded", async () => {
  const open = new URL("core/server/src/trace/open-tracing.ts", ROOT).href;
  expect(await loaded(`await import(${JSON.stringify(open)});`)).toBeGreaterThan(0);
});
