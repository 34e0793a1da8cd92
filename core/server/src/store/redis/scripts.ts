// The programs that Redis runs for the store. docs/protocol/store.md section 8. Each is named by the SHA-1 of its text, so
// that cores of two versions work side by side: nothing is installed on the server that another core could exchange.
import { createHash } from "node:crypto";

export interface Script {
  readonly text: string;
  /** What EVALSHA calls it by. */
  readonly sha: string;
}

/** A commit's clock may differ from the server's by this before the core has to read the server's again. */
export const CLOCK_WINDOW_MS = 5000;

/** Entries that one answer hands out at most, when the core's chain is behind. */
export const PAGE = 256;

// The id under which this server's history goes on: another one after every restart and every failover.
const INFO = `redis.call("INFO", "replication")`;
const LIVE = `string.match(${INFO}, "master_replid:(%x+)")`;

// Where a shard's chain stands: KEYS 1 head, 2 audit list. ARGV 1 clock ("" = the server's), 2 head that the core knows, 3 its
// seq. A replica does not say: it may have lost entries under the replication id that it had as a master. What writes without
// asking this, Redis itself refuses there.
const STAND = `local info = ${INFO}
if not string.find(info, "role:master", 1, true) then
  return redis.error_reply("READONLY it is a replica now: its master has the truth")
end
local live = string.match(info, "master_replid:(%x+)")
local now = tonumber(ARGV[1])
if not now then
  local time = redis.call("TIME")
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end
local head = redis.call("GET", KEYS[1]) or ""
local missed = {}
if head ~= ARGV[2] then
  local from = tonumber(ARGV[3])
  missed = redis.call("LRANGE", KEYS[2], from, from + ${PAGE - 1})
end`;

/*
 * KEYS 1 head, 2 audit list, 3 change record, 4.. the n entities, then the sorted sets of the index.
 * ARGV 1 head that must stand, 2 head to be written, 3 replication id that must live, 4 notBefore, 5 notAfter,
 *      6 clock ("" = the server's), 7 the entry's time, 8 seq of the entry, 9 entry, 10 seq that the core knows,
 *      11 how long the change record is kept (ms), 12 channel, 13 message, 14 core, 15 its number of this attempt, 16 n,
 *      then n times: version that must stand, value ("" = delete);
 *      then for each index operation: number of its key, member, score ("" = remove).
 * Everything is compared before anything is written: Redis does not take back what a failed script wrote. What was committed
 * before is written again, for the WAIT behind it (see HELD).
 */
const COMMIT = `#!lua
local said = redis.call("GET", KEYS[3])
local live = ${LIVE}
local now = tonumber(ARGV[6])
if not now then
  local time = redis.call("TIME")
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end
local head = redis.call("GET", KEYS[1]) or ""
if said == "committed" then
  redis.call("SET", KEYS[3], said, "PX", ARGV[11])
  return {said, now, live, head}
end
if said then
  local core, last = string.match(said, "^void (%x+) (%d+)$")
  if core ~= ARGV[14] or tonumber(ARGV[15]) <= tonumber(last) then return {"void", now, live, head} end
end
if head ~= ARGV[1] or live ~= ARGV[3] then
  local from = tonumber(ARGV[10])
  local missed = head ~= ARGV[1] and redis.call("LRANGE", KEYS[2], from, from + ${PAGE - 1}) or {}
  return {"moved", now, live, head, missed}
end
if now < tonumber(ARGV[4]) or now > tonumber(ARGV[5]) then return {"late", now, live, head} end
if math.abs(now - tonumber(ARGV[7])) > ${CLOCK_WINDOW_MS} then return {"clock", now, live, head} end
if redis.call("LLEN", KEYS[2]) ~= tonumber(ARGV[8]) - 1 then return {"chain", now, live, head} end
local n = tonumber(ARGV[16])
for i = 1, n do
  local row = redis.call("GETRANGE", KEYS[3 + i], 0, 40)
  if (string.match(row, "^[%d.]+") or row) ~= ARGV[15 + 2 * i] then return {"row", now, live, head, i} end
end
for at = 17 + 2 * n, #ARGV, 3 do
  local key, member, score = KEYS[tonumber(ARGV[at])], ARGV[at + 1], ARGV[at + 2]
  if score == "" then redis.call("ZREM", key, member) else redis.call("ZADD", key, score, member) end
end
redis.call("RPUSH", KEYS[2], ARGV[9])
for i = 1, n do
  local value = ARGV[16 + 2 * i]
  if value == "" then redis.call("DEL", KEYS[3 + i]) else redis.call("SET", KEYS[3 + i], value) end
end
redis.call("SET", KEYS[1], ARGV[2])
redis.call("SET", KEYS[3], "committed", "PX", ARGV[11])
redis.call("PUBLISH", ARGV[12], ARGV[13])
return {"committed", now, live, ARGV[2]}
`;

/*
 * KEYS 1 head, 2 audit list, 3.. entities. ARGV 1 to 3 as STAND has them, then for each entity the
 * version that the core has ("" = none). An entity is answered by its value, "" (absent) or "=" (that version stands).
 */
const LOAD = `#!lua flags=no-writes
${STAND}
local values = {}
for i = 3, #KEYS do
  local have = ARGV[i + 1]
  if have ~= "" and string.match(redis.call("GETRANGE", KEYS[i], 0, 40), "^[%d.]+") == have then
    values[i - 2] = "="
  else
    values[i - 2] = redis.call("GET", KEYS[i]) or ""
  end
end
return {now, live, head, missed, values}
`;

/*
 * KEYS 1 head, 2 audit list, 3 a key that holds nothing. Writes, because a server of 7.2 and later lets the WAIT behind it
 * count no further than to this connection's own last write; then says where the chain stands.
 */
const HELD = `#!lua flags=allow-oom
redis.call("SET", KEYS[3], "")
${STAND}
return {now, live, head, missed}
`;

/*
 * KEYS 1 change record. ARGV 1 how long it is kept (ms), 2 core, 3 number of the last attempt that it made. A change that
 * is not there is refused from then on, but for later attempts of the core that asks: a script that hung in a connection
 * must not run after its caller was told that it did not. Always writes, so that WAIT after it covers the change itself.
 */
const OUTCOME = `#!lua flags=allow-oom
local said = redis.call("GET", KEYS[1])
if said ~= "committed" then said = "void " .. ARGV[2] .. " " .. ARGV[3] end
redis.call("SET", KEYS[1], said, "PX", ARGV[1])
return said
`;

function script(text: string): Script {
  return { text, sha: createHash("sha1").update(text).digest("hex") };
}

export const COMMIT_SCRIPT: Script = script(COMMIT);
export const LOAD_SCRIPT: Script = script(LOAD);
export const HELD_SCRIPT: Script = script(HELD);
export const OUTCOME_SCRIPT: Script = script(OUTCOME);
