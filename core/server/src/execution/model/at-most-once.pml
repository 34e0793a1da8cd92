/*
 * One transaction on its way to its effect: two cores that confirm and execute it, the sweeper that expires it, the
 * recovery that takes over what a crash left, two crashes anywhere. docs/protocol/states.md is the table it abridges.
 *
 * Left out with -D, each to show that the rule is needed:
 *   NO_GATE  PENDING -> EXECUTING and PENDING -> EXPIRED are written without comparing the version that was read
 *   NO_KEY   the effect's ledger does not know transactions by their id
 */
mtype = { PENDING, EXECUTING, EXECUTED, EXPIRED };

mtype state = PENDING;
byte version = 0;
byte executions = 0;
byte crashes = 2;
bool known = false;   /* to the ledger, by the transaction's id */
bool expired = false; /* somebody was told so */

/* One commit: nothing in between, and with the gate nothing over a version that moved. */
inline commit(seen, next, done) {
  atomic {
#ifndef NO_GATE
    if
    :: version == seen -> state = next; version++; done = true
    :: else -> done = false
    fi
#else
    state = next; version++; done = true
#endif
  }
}

inline load(seenState, seenVersion) {
  d_step { seenState = state; seenVersion = version }
}

/* Right before it comes Begin; it carries the transaction's id. */
inline effect() {
  atomic {
    if
#ifndef NO_KEY
    :: known -> skip
#endif
    :: else -> executions++
    fi;
    known = true;
    assert(executions <= 1);               /* twice */
    assert(!(expired && executions > 0))   /* after EXPIRED */
  }
}

inline mayCrash() {
  if
  :: atomic { crashes > 0 -> crashes-- }; goto dead
  :: skip
  fi
}

inline finish() {
  load(seen, at);
  if
  :: seen == EXECUTING -> commit(at, EXECUTED, done)
  :: else -> skip
  fi
}

proctype Confirmer() {
  mtype seen; byte at; bool done;
  load(seen, at);
  if
  :: seen != PENDING -> goto dead
  :: else -> skip
  fi;
  mayCrash();
  commit(at, EXECUTING, done);
  if
  :: !done -> goto dead
  :: else -> skip
  fi;
  mayCrash();
  effect();
  mayCrash();
  finish();
dead: skip
}

proctype Expiry() {
  mtype seen; byte at; bool done;
  load(seen, at);
  if
  :: seen == PENDING ->
     commit(at, EXPIRED, done);
     atomic {
       if
       :: done -> expired = true; assert(!(expired && executions > 0))
       :: else -> skip
       fi
     }
  :: else -> skip
  fi
}

/* Of an idempotent executor: a lease that lapsed, whether or not its holder still lives. A crash begins it anew. */
proctype Recovery() {
  mtype seen; byte at; bool done;
again:
  if
  :: state == EXECUTING -> skip
  :: timeout -> goto over
  fi;
  mayCrash();
  effect();
  mayCrash();
  finish();
  goto over;
dead: goto again;
over: skip
}

init {
  atomic { run Confirmer(); run Confirmer(); run Expiry(); run Recovery() };
  timeout -> assert(state == EXECUTED || state == EXPIRED) /* nothing is left half done */
}
