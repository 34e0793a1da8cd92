// A server that reads commands and answers what a test wants: for commands of newer servers than the one that is installed.
import { createServer, type Server, type Socket } from "node:net";

export interface ScriptedRedis {
  readonly port: number;
  /** All commands so far, in order, with the connection that each came on. */
  readonly seen: readonly { readonly connection: number; readonly command: readonly string[] }[];
  /** Called with each command, after it was answered; in place of who was called before. */
  onSeen(listener: (connection: number, command: readonly string[]) => void): void;
  /** Answers late, or unasked. */
  send(connection: number, reply: string): void;
  /** Breaks all connections, and goes on. */
  disconnect(): void;
  stop(): Promise<void>;
}

/** Answers with RESP text; undefined: never. */
export type Answer = (command: readonly string[]) => string | undefined;

export async function startScriptedRedis(answer: Answer): Promise<ScriptedRedis> {
  const seen: { connection: number; command: readonly string[] }[] = [];
  const sockets = new Map<number, Socket>();
  let connections = 0;
  let onSeen: ((connection: number, command: readonly string[]) => void) | undefined;
  const server: Server = createServer((socket) => {
    const connection = ++connections;
    sockets.set(connection, socket);
    let input = "";
    socket.on("error", () => {});
    socket.on("data", (data: Buffer) => {
      input += data.toString("latin1");
      for (let read = readCommand(input); read !== undefined; read = readCommand(input)) {
        input = input.slice(read.length);
        seen.push({ connection, command: read.command });
        const reply = answer(read.command);
        if (reply !== undefined) socket.write(reply);
        onSeen?.(connection, read.command);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    seen,
    onSeen: (listener) => {
      onSeen = listener;
    },
    send: (connection, reply) => sockets.get(connection)?.write(reply),
    disconnect: () => {
      for (const socket of sockets.values()) socket.destroy();
    },
    stop: () => {
      for (const socket of sockets.values()) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

// *N\r\n then N times $LENGTH\r\n bytes \r\n
function readCommand(input: string): { readonly command: string[]; readonly length: number } | undefined {
  const count = /^\*(\d+)\r\n/.exec(input);
  if (count === null) return undefined;
  let at = count[0].length;
  const command: string[] = [];
  for (let i = 0; i < Number(count[1]); i++) {
    const size = /^\$(\d+)\r\n/.exec(input.slice(at, at + 20));
    if (size === null) return undefined;
    const from = at + size[0].length;
    const to = from + Number(size[1]);
    if (input.length < to + 2) return undefined;
    command.push(input.slice(from, to));
    at = to + 2;
  }
  return { command, length: at };
}
