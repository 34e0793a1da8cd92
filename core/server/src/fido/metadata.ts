// Who vouches for models of FIDO2 keys, out of a file: the FIDO Alliance's signed list (its JWT), or metadata statements
// of vendors in JSON. Read offline by bootstrap; nothing of it is fetched when a key enrols.
import { X509Certificate } from "node:crypto";
import * as v from "valibot";
import type { FidoRoot, Policy } from "../policy/policy.ts";

/** A model as its metadata statement describes it. */
export interface FidoModel {
  readonly aaguid: string;
  readonly model: string;
  /** PEM, each vouching for this model alone. */
  readonly certificates: readonly string[];
  /** What the list reports against it, such as ATTESTATION_KEY_COMPROMISE; undefined: nothing. */
  readonly warning: string | undefined;
}

/** After these nobody should believe what a model attests or how it knows its user. */
const WARNINGS = [
  "REVOKED",
  "ATTESTATION_KEY_COMPROMISE",
  "USER_KEY_REMOTE_COMPROMISE",
  "USER_KEY_PHYSICAL_COMPROMISE",
  "USER_VERIFICATION_BYPASS",
];

const statement = v.object({
  aaguid: v.string(),
  description: v.string(),
  attestationRootCertificates: v.array(v.string()),
});
const JWT = /^[\w-]+\.[\w-]+\.[\w-]+$/;
const SAFE_NAME = /^(?=.{1,64}$)[!-~]+(?: [!-~]+)*$/;

/** Reads the text of a metadata file. Throws for one that is malformed, or whose signature does not hold. */
export async function readFidoMetadata(text: string): Promise<readonly FidoModel[]> {
  const trimmed = text.trim();
  if (!JWT.test(trimmed)) {
    const json: unknown = JSON.parse(trimmed);
    return v.parse(v.array(statement), Array.isArray(json) ? json : [json]).map((one) => modelOf(one, undefined));
  }
  const { verifyMDSBlob } = await import("@simplewebauthn/server/helpers");
  const { payload } = await verifyMDSBlob(trimmed);
  return payload.entries.flatMap(({ metadataStatement, statusReports }) => {
    const found = v.safeParse(statement, metadataStatement);
    const warning = statusReports.map(({ status }) => status).findLast((one) => WARNINGS.includes(one));
    return found.success ? [modelOf(found.output, warning)] : [];
  });
}

/** The policy, trusting for each model that it names whom the metadata names. Throws where the metadata has none or warns. */
export function addFidoRoots(policy: Policy, metadata: readonly FidoModel[]): Policy {
  const { fidoModels = [], biometricModels = [], fidoRoots = [] } = policy;
  const wanted = new Set([...fidoModels, ...biometricModels.filter((name) => UUID.test(name))]);
  if (wanted.size === 0) throw new Error("the policy names no model in fidoModels or biometricModels to look up");
  const added = [...wanted].flatMap((aaguid): FidoRoot[] => {
    const found = metadata.find((one) => one.aaguid === aaguid);
    if (found === undefined && !fidoRoots.some((root) => root.aaguid === aaguid)) {
      throw new Error(`it does not describe the model ${aaguid}`);
    }
    if (found?.warning !== undefined) throw new Error(`${found.model} (${aaguid}): ${found.warning}`);
    return (found?.certificates ?? []).map((certificate) => ({ certificate, aaguid, model: found?.model }));
  });
  return { ...policy, fidoRoots: [...fidoRoots, ...added] };
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

function modelOf(
  { aaguid, description, attestationRootCertificates }: v.InferOutput<typeof statement>,
  warning: string | undefined,
): FidoModel {
  const certificates = attestationRootCertificates.map((base64) => {
    const der = Buffer.from(base64.replaceAll(/\s/g, ""), "base64");
    return new X509Certificate(der).toString();
  });
  // Shown in lines of transactions, which take safe text alone.
  const model = SAFE_NAME.test(description) ? description : "FIDO2 key";
  return { aaguid: aaguid.toLowerCase(), model, certificates, warning };
}
