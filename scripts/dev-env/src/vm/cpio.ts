import { writeSync } from "node:fs";

const REGULAR = 0o100000;
const DIRECTORY = 0o040000;
const SYMLINK = 0o120000;

/**
 * Writes an archive that the kernel unpacks at boot (cpio "newc"): 6-digit magic, 13 fields of 8 hexadecimal digits, the
 * name with a final NUL, the bytes; name and bytes each padded to four. Folders must come before what is in them, so
 * missing ones are made. Everything belongs to root and has no date: the same files give the same archive.
 */
export class CpioWriter {
  readonly #file: number;
  readonly #folders = new Set<string>();
  #inode = 0;

  /** `file` is an open descriptor; it stays open. */
  constructor(file: number) {
    this.#file = file;
  }

  /** Paths are absolute in the guest. */
  add(path: string, bytes: Uint8Array, permissions = 0o644): void {
    this.#entry(path, REGULAR | permissions, bytes);
  }

  link(path: string, target: string): void {
    this.#entry(path, SYMLINK | 0o777, new TextEncoder().encode(target));
  }

  folder(path: string): void {
    if (path === "" || this.#folders.has(path)) return;
    this.#folders.add(path);
    this.#entry(path, DIRECTORY | 0o755, new Uint8Array(0));
  }

  /** To be called once, last. */
  end(): void {
    this.#write("TRAILER!!!", 0, new Uint8Array(0));
  }

  #entry(path: string, mode: number, bytes: Uint8Array): void {
    this.folder(path.slice(0, path.lastIndexOf("/")));
    this.#inode += 1;
    this.#write(path.slice(1), mode, bytes);
  }

  #write(name: string, mode: number, bytes: Uint8Array): void {
    const nameSize = new TextEncoder().encode(name).length + 1;
    const fields = [this.#inode, mode, 0, 0, 1, 0, bytes.length, 0, 0, 0, 0, nameSize, 0];
    const header = `070701${fields.map((field) => field.toString(16).padStart(8, "0")).join("")}${name}\0`;
    this.#put(new TextEncoder().encode(header));
    this.#put(bytes);
  }

  #put(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) at += writeSync(this.#file, bytes, at);
    writeSync(this.#file, new Uint8Array((4 - (bytes.length % 4)) % 4));
  }
}
