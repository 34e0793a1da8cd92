import { randomUUID } from "node:crypto";
import {
  KeyServiceApproveRecoveryRequest,
  KeyServiceBeginRecoveryRequest,
  KeyServiceListRecoveriesRequest,
  KeyServiceStopRecoveryRequest,
  RecoveryState,
  type Recovery,
} from "@countersign/proto/node/core/v1/key_service";
import { call, type CoreConnection } from "@countersign/sdk";
import { refused } from "../cli-error.ts";
import { ExitCode } from "../exit-code.ts";
import { momentText } from "../output/moment-text.ts";
import { printable } from "../output/printable.ts";
import { withCore, type CommandGiven } from "../session.ts";

const STATES: Readonly<Record<number, string>> = {
  [RecoveryState.REQUESTED]: "REQUESTED",
  [RecoveryState.HELD]: "HELD",
  [RecoveryState.READY]: "READY",
  [RecoveryState.STOPPED]: "STOPPED",
  [RecoveryState.USED]: "USED",
};

/** `countersign key recover begin`: the first of two people. */
export function recoverBeginCommand(options: { readonly reason: string }, given: CommandGiven): Promise<ExitCode> {
  return withCore(given, async (core) => {
    const userId = given.settings.need("user");
    const request = { requestId: randomUUID(), userId, reason: options.reason };
    const { recovery } = await call(
      core.keys.beginRecovery.bind(core.keys),
      KeyServiceBeginRecoveryRequest.create(request),
      core,
    );
    return tell(recovery, given);
  });
}

/** `countersign key recover approve ID`: the second, with a token of another app. */
export function recoverApproveCommand(recoveryId: string, given: CommandGiven): Promise<ExitCode> {
  return withCore(given, async (core) => {
    const request = KeyServiceApproveRecoveryRequest.create({ userId: given.settings.need("user"), recoveryId });
    const { recovery } = await call(core.keys.approveRecovery.bind(core.keys), request, core);
    return tell(recovery, given);
  });
}

/** `countersign key recover stop [ID]`: without an id, the one that is under way. */
export function recoverStopCommand(wanted: string | undefined, given: CommandGiven): Promise<ExitCode> {
  return withCore(given, async (core) => {
    const recoveryId = wanted ?? (await underWay(core, given))[0]?.recoveryId;
    if (recoveryId === undefined) throw refused("no recovery of this user is under way");
    const request = KeyServiceStopRecoveryRequest.create({ userId: given.settings.need("user"), recoveryId });
    const { recovery } = await call(core.keys.stopRecovery.bind(core.keys), request, core);
    return tell(recovery, given);
  });
}

/** `countersign key recover list`. */
export function recoverListCommand(given: CommandGiven): Promise<ExitCode> {
  return withCore(given, async (core) => {
    const recoveries = await underWay(core, given);
    for (const recovery of recoveries) tell(recovery, given);
    if (recoveries.length === 0) given.terminal.result("  no recovery is under way");
    return ExitCode.DONE;
  });
}

async function underWay(core: CoreConnection, { settings }: CommandGiven): Promise<Recovery[]> {
  const request = KeyServiceListRecoveriesRequest.create({ userId: settings.need("user") });
  return (await call(core.keys.listRecoveries.bind(core.keys), request, core)).recoveries;
}

function tell(recovery: Recovery | undefined, { terminal }: CommandGiven): ExitCode {
  if (recovery === undefined) throw refused("the core's answer holds no recovery");
  const { recoveryId, reason } = recovery;
  const state = STATES[recovery.state] ?? "";
  const [readyAt, expiresAt] = [momentText(recovery.readyAt), momentText(recovery.expiresAt)];
  terminal.record({ recoveryId, state, reason, readyAt, expiresAt });
  terminal.result(`  ${terminal.sign("done")} ${printable(`recovery ${recoveryId}  ${state}  ${reason}`)}`);
  const next = NEXT[state];
  if (next !== undefined) terminal.result(`  ${printable(next(recoveryId, readyAt, expiresAt))}`);
  return ExitCode.DONE;
}

/** What comes next, and for whom. */
const NEXT: Readonly<Record<string, (id: string, readyAt: string, expiresAt: string) => string>> = {
  REQUESTED: (id, _readyAt, until) =>
    `Somebody else, with a token of another app, until ${until}: countersign key recover approve ${id}`,
  HELD: (id, readyAt) =>
    `Any of the user's channels or keys can stop it. From ${readyAt}: countersign key enrol --recovery ${id}`,
  READY: (id, _readyAt, until) => `Until ${until}, with the new key plugged in: countersign key enrol --recovery ${id}`,
  STOPPED: () => "Nothing has changed: the user's keys are what they were.",
};
