import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

const OPENSSL: string = ["/usr/bin/openssl", "/usr/local/bin/openssl"].find((path) => existsSync(path)) ?? "openssl";

/** Whether certificates can be made here. */
export const opensslPresent: boolean = existsSync(OPENSSL);

/** A certificate for 127.0.0.1 that is its own authority, and its key. */
export interface SelfSigned {
  readonly certFile: string;
  readonly keyFile: string;
  /** PEM. */
  readonly cert: string;
  readonly key: string;
}

/** Makes one in `folder`, valid for two days. */
export function selfSigned(folder: string): SelfSigned {
  const [certFile, keyFile] = [join(folder, "cert.pem"), join(folder, "key.pem")];
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"];
  execFileSync(OPENSSL, ["req", "-x509", ...curve, ...subject, "-keyout", keyFile, "-out", certFile], {
    stdio: "pipe",
  });
  return { certFile, keyFile, cert: readFileSync(certFile, "utf8"), key: readFileSync(keyFile, "utf8") };
}
