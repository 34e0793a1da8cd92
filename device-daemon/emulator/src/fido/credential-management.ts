import {
  coseKeyOfPoint,
  CosePurpose,
  CtapError,
  CtapFields,
  type CtapMembers,
  CtapStatus,
} from "@countersign/key-protocol";
import { equalBytes, toHex } from "@countersign/protocol";
import { descriptorOf, noCredentials, rpIdHashOf } from "./credentials.ts";
import { type FidoDevice, MAX_RESIDENTS } from "./fido-device.ts";
import { fidoKeyPairOf } from "./fido-key.ts";
import type { Resident } from "./fido-state.ts";
import { type ManagementRequest, readManagement } from "./management-param.ts";
import { Permission } from "./permission.ts";
import { readUser, userMap } from "./user.ts";

const Subcommand = {
  METADATA: 1,
  RPS_BEGIN: 2,
  RPS_NEXT: 3,
  CREDENTIALS_BEGIN: 4,
  CREDENTIALS_NEXT: 5,
  DELETE: 6,
  UPDATE_USER: 7,
} as const;

/** Answers still to be fetched one by one. */
export interface Listing {
  readonly of: "rps" | "credentials";
  readonly rest: readonly CtapMembers[];
}

/** One answer, and what the next request may go on with. */
export interface Listed {
  readonly members: CtapMembers;
  readonly listing?: Listing;
}

/** credentialManagement: lists and deletes the kept credentials, for who has a token for that. */
export function manageCredentials(device: FidoDevice, fields: CtapFields, open: Listing | undefined): Listed {
  const request = readManagement(fields);
  switch (request.subcommand) {
    case Subcommand.METADATA:
      authorise(device, request, { reads: true });
      return { members: metadata(device) };
    case Subcommand.RPS_BEGIN:
      authorise(device, request, { reads: true });
      return begin("rps", rpAnswers(device), 5);
    case Subcommand.CREDENTIALS_BEGIN:
      return beginCredentials(device, request);
    case Subcommand.RPS_NEXT:
      return next("rps", open);
    case Subcommand.CREDENTIALS_NEXT:
      return next("credentials", open);
    case Subcommand.DELETE:
      return { members: deleteCredential(device, request) };
    case Subcommand.UPDATE_USER:
      return { members: updateUser(device, request) };
    default:
      throw new CtapError(CtapStatus.INVALID_SUBCOMMAND, `credentialManagement subcommand ${request.subcommand}`);
  }
}

function metadata(device: FidoDevice): CtapMembers {
  const held = device.vault.state.residents.length;
  return [
    [1, held],
    [2, MAX_RESIDENTS - held],
  ];
}

function rpAnswers(device: FidoDevice): CtapMembers[] {
  const rpIds = [...new Set(device.vault.state.residents.map(({ rpId }) => rpId))];
  return rpIds.map((rpId) => [
    [3, new Map([["id", rpId]])],
    [4, rpIdHashOf(rpId)],
  ]);
}

function beginCredentials(device: FidoDevice, request: ManagementRequest): Listed {
  const wanted = paramsOf(request).bytes(1, 32);
  const found = device.vault.state.residents.filter(({ rpId }) => equalBytes(rpIdHashOf(rpId), wanted));
  authorise(device, request, { reads: true, rpId: found[0]?.rpId });
  return begin("credentials", found.map(credentialAnswer), 9);
}

function credentialAnswer(resident: Resident): CtapMembers {
  return [
    [6, userMap(resident, true)],
    [7, descriptorOf(resident.id)],
    [8, coseKeyOfPoint(fidoKeyPairOf(resident.privateKey), CosePurpose.SIGN)],
    [10, resident.protection],
    [11, resident.largeBlobKey],
  ];
}

function begin(of: Listing["of"], answers: readonly CtapMembers[], totalKey: number): Listed {
  const [first, ...rest] = answers;
  if (first === undefined) throw noCredentials();
  return { members: [...first, [totalKey, answers.length]], listing: { of, rest } };
}

function next(of: Listing["of"], open: Listing | undefined): Listed {
  const [first, ...rest] = open?.of === of ? open.rest : [];
  if (first === undefined) throw new CtapError(CtapStatus.NOT_ALLOWED, "no list is open");
  return { members: first, listing: { of, rest } };
}

function deleteCredential(device: FidoDevice, request: ManagementRequest): CtapMembers {
  const held = named(device, request);
  device.vault.change((state) => ({ ...state, residents: state.residents.filter((each) => each !== held) }));
  return [];
}

function updateUser(device: FidoDevice, request: ManagementRequest): CtapMembers {
  const user = readUser(paramsOf(request).map(3));
  const held = named(device, request);
  if (!equalBytes(held.userId, user.userId)) throw new CtapError(CtapStatus.INVALID_PARAMETER, "another user's id");
  const { name: _name, displayName: _displayName, ...kept } = held;
  const updated: Resident = { ...kept, ...user };
  device.vault.change((state) => ({
    ...state,
    residents: state.residents.map((each) => (each === held ? updated : each)),
  }));
  return [];
}

// Whether the credential exists is said only to who may know.
function named(device: FidoDevice, request: ManagementRequest): Resident {
  const id = toHex(paramsOf(request).map(2).bytes("id", 0, 1023));
  const held = device.vault.state.residents.find((each) => toHex(each.id) === id);
  authorise(device, request, { reads: false, rpId: held?.rpId });
  if (held === undefined) throw noCredentials();
  return held;
}

function paramsOf(request: ManagementRequest): CtapFields {
  if (request.params === undefined) throw new CtapError(CtapStatus.MISSING_PARAMETER, "parameters are missing");
  return new CtapFields("credentialManagement parameters", request.params);
}

// A token of one RP manages that RP's credentials alone. The persistent token reads, and does nothing else.
function authorise(
  device: FidoDevice,
  request: ManagementRequest,
  what: { readonly reads: boolean; readonly rpId?: string | undefined },
): void {
  const { auth, signed } = request;
  if (auth === undefined) throw new CtapError(CtapStatus.PUAT_REQUIRED, "a token is needed");
  const persistent = device.vault.state.persistentToken;
  if (what.reads && persistent !== undefined && auth.protocol.verify(persistent, signed, auth.param)) return;
  device.token.check({ ...auth, message: signed, permission: Permission.CREDENTIAL_MANAGEMENT });
  const bound = device.token.rpId;
  if (bound !== undefined && bound !== what.rpId) {
    throw new CtapError(CtapStatus.PIN_AUTH_INVALID, "the token is of another relying party");
  }
}
