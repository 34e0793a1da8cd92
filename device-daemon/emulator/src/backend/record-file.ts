import { open } from "node:fs/promises";

/** An open character device that takes and gives whole records: one call, one record. */
export interface RecordFile {
  /** The next record of at most `size` bytes. Waits for it in a thread of libuv's pool (four, unless UV_THREADPOOL_SIZE says more). */
  read(size: number): Promise<Uint8Array>;
  write(record: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

/** Opens a character device for records. */
export type OpenRecords = (path: string) => Promise<RecordFile>;

/** A device of the kernel. Rejects where it is absent or this user may not open it. */
export async function openRecordFile(path: string): Promise<RecordFile> {
  const file = await open(path, "r+");
  return {
    read: async (size) => {
      const { bytesRead, buffer } = await file.read(new Uint8Array(size), 0, size, null);
      return buffer.slice(0, bytesRead);
    },
    write: async (record) => {
      const { bytesWritten } = await file.write(record, 0, record.length, null);
      if (bytesWritten !== record.length) {
        throw new Error(`${path} took ${bytesWritten} of ${record.length} bytes; is it the right device?`);
      }
    },
    close: () => file.close(),
  };
}
