import { Option, type Command } from "commander";
import {
  AdminServiceGetPolicyRequest,
  AdminServiceSimulatePolicyRequest,
  AdminServiceSimulatePolicyResponse,
  type Policy,
} from "@countersign/proto/node/admin/v1/admin_service";
import { Kind } from "@countersign/proto/node/core/v1/content";
import { call, CoreError } from "@countersign/sdk";
import { CliError, refused } from "../cli-error.ts";
import { ExitCode } from "../exit-code.ts";
import { printable } from "../output/printable.ts";
import type { AdminGiven } from "./admin-connection.ts";
import { requestChange, type ChangeOptions } from "./change.ts";
import { enumName } from "./enum-name.ts";
import { tenantId } from "./find.ts";
import { messageJson } from "./message-json.ts";
import { differences, policyFileText, readPolicyFile, type MemberDifference, type PolicyFile } from "./policy-file.ts";
import { writeNewFile } from "./token-file.ts";
import { changing, ofTenant, type TenantOption, type Tree } from "./tree.ts";

interface GetOptions extends TenantOption {
  readonly out?: string;
}
interface SetOptions extends ChangeOptions, TenantOption {
  readonly expect?: string;
  readonly transactions?: string;
}
interface SimulateOptions extends TenantOption {
  readonly transactions?: string;
}

const looked = (): Option => new Option("--transactions <count>", "how many of the latest to look at, 1 to 1000");

/** `countersign admin policy …`. */
export function addPolicy(admin: Command, { run }: Tree): void {
  const policy = admin.command("policy").description("the rules of a tenant: docs/protocol/policy.md");
  ofTenant(policy.command("get"))
    .description("the rules in force, with the version that a change is made from")
    .option("--out <file>", "into a new file, to be edited and set")
    .action((options: GetOptions) => run((on) => getPolicyCommand(on, options)));
  ofTenant(policy.command("diff <file>"))
    .description("what the file would change")
    .action((file: string, options: TenantOption) => run((on) => diffPolicy(on, file, options)));
  ofTenant(policy.command("simulate <file>"))
    .description("which of the latest transactions would have come out otherwise; changes nothing")
    .addOption(looked())
    .action((file: string, options: SimulateOptions) => run((on) => simulatePolicy(on, file, options)));
  changing(ofTenant(policy.command("set <file>")))
    .description("shows diff and simulation, then asks your key; a change")
    .option("--expect <version>", "the version that the file was made from (default: the one that it names)")
    .addOption(looked())
    .action((file: string, options: SetOptions) => run((on) => setPolicy(on, file, options)));
}

async function policyInForce(on: AdminGiven, tenant: string): Promise<Policy> {
  const request = AdminServiceGetPolicyRequest.create({ tenantId: tenant });
  const { policy } = await call(on.admin.getPolicy.bind(on.admin), request, on.core);
  if (policy === undefined) throw new CliError(ExitCode.UNVERIFIED, "the core's answer holds no policy");
  return policy;
}

async function getPolicyCommand(on: AdminGiven, options: GetOptions): Promise<ExitCode> {
  const { terminal } = on.given;
  const { version, documentJson, advice } = await policyInForce(on, await tenantId(on, options.tenant));
  const text = policyFileText(documentJson, version);
  if (options.out !== undefined) writeNewFile(options.out, text);
  terminal.record({ version, document: JSON.parse(documentJson) as unknown, advice });
  if (options.out === undefined) terminal.result(text.trimEnd());
  else terminal.result(`  ${terminal.sign("done")} version ${version} in ${options.out}`);
  tellAdvice(on, advice);
  return ExitCode.DONE;
}

async function diffPolicy(on: AdminGiven, path: string, options: TenantOption): Promise<ExitCode> {
  const { terminal } = on.given;
  const file = readPolicyFile(path);
  const { version, documentJson } = await policyInForce(on, await tenantId(on, options.tenant));
  const found = differences(documentJson, file.document);
  terminal.record({ version, madeFrom: file.version ?? null, differences: found });
  for (const line of differenceLines(found)) terminal.result(line);
  if (file.version !== undefined && file.version !== version)
    terminal.progress(
      `${terminal.sign("warning")} ${path} was made from version ${file.version}; in force is ${version}`,
    );
  return ExitCode.DONE;
}

function differenceLines(found: readonly MemberDifference[]): string[] {
  if (found.length === 0) return ["nothing differs"];
  return found.map(({ name, before, after }) =>
    printable(`${name}: ${before || "none"} → ${after || "its default (the file leaves it out)"}`),
  );
}

async function simulatePolicy(on: AdminGiven, path: string, options: SimulateOptions): Promise<ExitCode> {
  const { terminal } = on.given;
  const file = readPolicyFile(path);
  const answer = await simulated(on, await tenantId(on, options.tenant), file, options.transactions);
  terminal.record(messageJson(AdminServiceSimulatePolicyResponse, answer));
  for (const line of simulationLines(answer, Number.POSITIVE_INFINITY)) terminal.result(line);
  tellAdvice(on, answer.advice);
  return ExitCode.DONE;
}

function simulated(
  on: AdminGiven,
  tenant: string,
  { document }: PolicyFile,
  count: string | undefined,
): Promise<AdminServiceSimulatePolicyResponse> {
  const transactions = count === undefined ? 0 : Number(count);
  if (count !== undefined && !(/^\d{1,4}$/.test(count) && transactions >= 1 && transactions <= 1000))
    throw refused("--transactions: expected 1 to 1000");
  const named = { tenantId: tenant, documentJson: JSON.stringify(document), transactions };
  const request = AdminServiceSimulatePolicyRequest.create(named);
  return call(on.admin.simulatePolicy.bind(on.admin), request, on.core);
}

function simulationLines({ lookedAt, differences: found }: AdminServiceSimulatePolicyResponse, most: number): string[] {
  const shown = found.slice(0, most).map(({ transactionId, userId, kind, members }) => {
    const others = members.map(({ name, before, after }) => `${name} ${before || "none"} → ${after || "none"}`);
    return printable(`  ${transactionId}  ${userId}  ${enumName(Kind, kind)}  ${others.join(", ")}`);
  });
  const rest = found.length - shown.length;
  return [
    `Of the latest ${lookedAt} transactions ${found.length} would have come out otherwise`,
    ...shown,
    ...(rest > 0 ? [`  and ${rest} more: countersign admin policy simulate`] : []),
  ];
}

const MOST_SHOWN = 5;

/** The version goes along: who edited another one than is in force is told so before any key is asked. */
async function setPolicy(on: AdminGiven, path: string, options: SetOptions): Promise<ExitCode> {
  const { terminal } = on.given;
  const tenant = await tenantId(on, options.tenant);
  const file = readPolicyFile(path);
  const inForce = await policyInForce(on, tenant);
  const expectedVersion = expectedOf(options.expect, file) ?? inForce.version;
  if (expectedVersion !== inForce.version) throw edited(path, expectedVersion, inForce.version);
  const found = differences(inForce.documentJson, file.document);
  if (found.length === 0) throw refused(`${path}: changes nothing; version ${inForce.version} in force says the same`);
  for (const line of differenceLines(found)) terminal.progress(line);
  const simulation = await simulated(on, tenant, file, options.transactions);
  for (const line of simulationLines(simulation, MOST_SHOWN)) terminal.progress(line);
  tellAdvice(on, simulation.advice);
  const { lookedAt, differences: otherwise } = simulation;
  terminal.record({ step: "SIMULATED", differences: found, lookedAt, otherwise: otherwise.length });
  const value = { documentJson: JSON.stringify(file.document), expectedVersion };
  try {
    const what = { $case: "setPolicy", value } as const;
    return await requestChange(on, { tenantId: tenant, what }, options);
  } catch (error) {
    const other = error instanceof CoreError ? error.metadata.get("version") : undefined;
    // Somebody was faster between the look and the request.
    if (error instanceof CoreError && error.reason === "STATE_CONFLICT" && other !== undefined)
      throw edited(path, expectedVersion, Number(other));
    throw error;
  }
}

function expectedOf(expect: string | undefined, { version }: PolicyFile): number | undefined {
  if (expect === undefined) return version;
  if (!/^\d{1,9}$/.test(expect) || Number(expect) < 1) throw refused("--expect: expected the number of a version");
  return Number(expect);
}

function edited(path: string, mine: number, inForce: number): CliError {
  const message = [
    `${path} was made from version ${mine}, and version ${inForce} is in force: somebody else changed the rules. Nothing was asked.`,
    `See what is other now: countersign admin policy diff ${path}`,
    "See who changed what: countersign admin audit list --event policy.changed",
    `Begin again from: countersign admin policy get --out FILE; or, if yours is right all the same: --expect ${inForce}`,
  ].join("\n");
  return new CliError(ExitCode.VERSION_CONFLICT, message);
}

function tellAdvice({ given: { terminal } }: AdminGiven, advice: readonly string[]): void {
  for (const sentence of advice) terminal.progress(printable(`${terminal.sign("warning")} ${sentence}`));
}
