/*
 * Two cores, each with an executor, on one master with two replicas, and a failover to either of them: what was
 * acknowledged by one replica is forgotten when the other is promoted. docs/protocol/store.md section 8.
 *
 * Left out with -D, each to show what it is for:
 *   NO_KEY    the effect's ledger does not know transactions by their id
 *   NO_EPOCH  a commit that was built before the failover is let in after it, when versions happen to be equal
 *   NO_WAIT   a claim is acted on before any replica has it
 * And with -D:
 *   ALL       a claim is acted on when every replica has it: then nothing is forgotten, at the price of every outage
 */
mtype = { CONFIRMED, EXECUTING, EXECUTED };

typedef Row { mtype state; byte version; byte holder }
Row master;
Row replica[2];
byte epoch = 1;
byte failovers = 1;

byte executions = 0;
bool known = false;  /* to the ledger, by the transaction's id */

inline copy(from, to) {
  to.state = from.state; to.version = from.version; to.holder = from.holder
}

#define HAS(which) (replica[which].version >= at + 1 && replica[which].holder == me)
#ifdef ALL
#define HELD (epoch == in && HAS(0) && HAS(1))
#else
#define HELD (epoch == in && (HAS(0) || HAS(1)))
#endif
#ifdef NO_EPOCH
#define ENTERS true
#else
#define ENTERS false
#endif

proctype Executor(byte me) {
  mtype seen; byte at; byte in; byte tries = 2;
again:
  if
  :: tries > 0 -> tries--
  :: else -> goto over
  fi;
  d_step { seen = master.state; at = master.version; in = epoch };
  if
  :: seen != CONFIRMED -> goto over
  :: else -> skip
  fi;
  atomic { /* Claim: one commit, versions and epoch compared */
    if
    :: master.version == at && (epoch == in || ENTERS) ->
       master.state = EXECUTING; master.version = at + 1; master.holder = me
    :: else -> goto again
    fi
  };
#ifndef NO_WAIT
  if
  :: HELD -> skip                     /* the replicas that have to, have it */
  :: epoch != in -> goto again        /* the count came short: unknown, and after the failover it is asked again */
  fi;
#endif
  atomic { /* the effect, under the transaction's id */
    if
#ifndef NO_KEY
    :: known -> skip
#endif
    :: else -> executions++
    fi;
    known = true;
    assert(executions <= 1)           /* twice */
  };
  atomic { /* Report, under the fence of the claim */
    if
    :: master.version == at + 1 && (epoch == in || ENTERS) ->
       assert(master.holder == me);   /* another's claim */
       master.state = EXECUTED; master.version = at + 2
    :: else -> goto again
    fi
  };
over: skip
}

proctype Replication(byte which) {
  do
  :: d_step { replica[which].version < master.version -> copy(master, replica[which]) }
  :: timeout -> break
  od
}

proctype Failover() {
  byte which;
  if
  :: which = 0
  :: which = 1
  fi;
  atomic { failovers > 0 -> failovers--; copy(replica[which], master); copy(replica[which], replica[1 - which]); epoch++ }
}

init {
  atomic {
    master.state = CONFIRMED; replica[0].state = CONFIRMED; replica[1].state = CONFIRMED;
    run Executor(1); run Executor(2); run Replication(0); run Replication(1); run Failover()
  }
}
