// The bank's own web site in small: logs its customers in, serves the web client, and gives it leave to create a payment.
// docs/how-to/web-client.md
import { readSetUp, SetUpError, USAGE } from "./set-up.ts";
import { WebHost } from "./web-host.ts";

const log = (line: string): void => console.error(`bank web: ${line}`);

async function main(): Promise<void> {
  const host = await WebHost.open(readSetUp(process.argv.slice(2)), log);
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void host.close());
  console.log(JSON.stringify({ ready: true, address: `http://localhost:${host.port}/` }));
}

main().catch((error: unknown) => {
  const isUsage = error instanceof SetUpError;
  log(`${error instanceof Error ? error.message : String(error)}${isUsage ? `\n${USAGE}` : ""}`);
  process.exitCode = isUsage ? 2 : 69;
});
