/* The commit sequence of one tenant at one destination (COMMITS.md), as a Spin model.
 *
 * WRITERS lives of engines take the tenant over, commit, delete and fall behind; a reader reads. Every storage
 * operation is one atomic step, and a process may stall between any two steps, for ever if it likes: a crash is
 * a stall that never ends (DATA adds that unsynced bytes vanish in it). A create may lose its reply: its effect
 * came before, comes later (a request that arrives late) or never. A list is not atomic: it shows what was there
 * all the time and, as it likes, what came or went meanwhile. Nothing depends on time: a deletion pass may begin
 * at any moment and removes all but the newest two.
 *
 * Objects are numbers, which stand for their bytes: every attempt to create makes a new one. chain[s] is the
 * first object that ever stood at number s; the claims are about it, and no process decides anything by it.
 *
 * Planted bugs and rules of the first design are -D flags; check_commits names and runs them.
 */
#ifndef N
#define N 5           /* highest number of a commit, at most 7 */
#endif
#ifndef WRITERS
#define WRITERS 3
#endif
#ifndef OWN
#define OWN 3         /* commits of an owner after its takeover commit */
#endif
#ifndef FAULTS
#define FAULTS 1      /* creates whose reply is lost */
#endif
#ifndef M
#define M 12          /* objects; a writer that needs one more stops there */
#endif
#ifdef READER
#define LISTERS (WRITERS + 1)
#else
#define LISTERS WRITERS
#endif
#ifndef KEEP
#define KEEP 2        /* the newest commits that a pass keeps */
#endif
#define one(i) (1 << (i))

mtype = { created, exists, unknown };

byte slot[N + 1];                   /* what stands at a number; 0: nothing */
bool mark;                          /* the mark stands at number 0 */
byte who[M + 1];                    /* of an object: its writer + 1; 0: there is no such object */
byte pred[M + 1];                   /* the predecessor whose digest it carries */
byte reach[M + 1];                  /* the items it reaches */
byte late, late_at;                 /* a create still under way although its sender gave up waiting */
byte faults = FAULTS;
byte items;                         /* items handed out so far, at most 8 */
byte begun;                         /* writers are alike, so they start in order */
byte must[LISTERS], may[LISTERS];   /* numbers that a list under way has to show, and those it can show */
byte listing_now;                   /* the lists under way */

byte chain[N + 1], top;             /* for the claims only */

#ifdef DATA
byte ver[M + 1];                    /* the data object that a commit names */
byte objects = 1;                   /* data objects that exist */
byte dirty[WRITERS];                /* items appended and not synced */
byte gone;                          /* items that vanished in a crash */
byte acked;                         /* items acknowledged */
#endif

inline lists_see(s, came) {
  k = 0;
  do
  :: k < LISTERS ->
     if
     :: (listing_now & one(k)) && came -> may[k] = may[k] | one(s)
     :: (listing_now & one(k)) && !came -> must[k] = must[k] & ~one(s)
     :: else
     fi;
     k++
  :: else -> break
  od;
  k = 0
}

/* Object x comes to stand at the free number s. */
inline put(s, x) {
  slot[s] = x;
  lists_see(s, true);
  if
  :: chain[s] == 0 ->
     assert(s == top + 1);                           /* CLAIM the chain grows at its end, */
     assert(pred[x] == chain[top]);                  /* CLAIM is one, */
     assert((reach[chain[top]] & ~reach[x]) == 0);   /* CLAIM and forgets nothing */
#ifdef DATA
     assert(objects & one(ver[x]));                  /* CLAIM a commit names what is there */
     assert((reach[x] & gone) == 0);                 /* CLAIM and no bytes that vanished */
#endif
     chain[s] = x;
     top = s
  :: else
  fi
}

/* What stands at s is removed. */
inline take_away(s) {
  assert(s + 1 < top || slot[s] != chain[s]);        /* CLAIM a live writer's predecessor stays */
  slot[s] = 0;
  lists_see(s, false)
}

inline begin_list(i) {
  k = 1;
  do
  :: k <= N ->
     if
     :: slot[k] != 0 -> must[i] = must[i] | one(k)
     :: else
     fi;
     k++
  :: else -> break
  od;
  k = 0;
  may[i] = must[i];
  listing_now = listing_now | one(i)
}

/* m = the highest number that the list shows; 0: it shows none. */
inline end_list(i, m) {
  m = N;
  do
  :: m > 0 && (may[i] & one(m)) -> break                 /* shown */
  :: m > 0 && !(must[i] & one(m)) -> m--                 /* not there, or came or went: not shown */
  :: m == 0 -> break
  od;
  must[i] = 0; may[i] = 0;
  listing_now = listing_now & ~one(i)
}

/* Look and proof: what has to stand before object x at number s, if x counts. */
#ifdef NO_MARK
#define stands_before(s, x) (s == 1 || slot[s - 1] == pred[x])
#else
#define stands_before(s, x) ((s == 1 && !mark) || (s > 1 && slot[s - 1] == pred[x]))
#endif

inline new_object() {
  o = 1;
  do
  :: o <= M && who[o] != 0 -> o++
  :: else -> break
  od;
  if
  :: o > M -> goto done
  :: else
  fi;
  who[o] = me + 1; pred[o] = nx; reach[o] = reach[nx] | news;
#ifdef DATA
  ver[o] = v
#else
  skip
#endif
}

inline forget(x) {                                   /* x is known to be nowhere */
#ifndef SAME_BYTES
  who[x] = 0; pred[x] = 0; reach[x] = 0;
#ifdef DATA
  ver[x] = 0;
#endif
#endif
  skip
}

/* One attempt to create number n + 1. */
inline attempt() {
#ifdef SAME_BYTES
  if
  :: o == 0 -> new_object()
  :: else
  fi;
#else
  new_object();
#endif
  if
  :: slot[n + 1] == 0 -> put(n + 1, o); answer = created
  :: slot[n + 1] != 0 -> answer = exists
  :: slot[n + 1] == 0 && faults > 0 -> faults--; put(n + 1, o); answer = unknown
#ifndef NO_LATE
  :: late == 0 && faults > 0 -> faults--; late = o; late_at = n + 1; answer = unknown
#endif
  fi;
  if
  :: answer == exists -> forget(o); o = 0
  :: else
  fi
}

inline become_owner() {
  epoch = n + 1;
  assert(chain[epoch] == o && who[o] == me + 1);     /* CLAIM one owner per epoch: the writer of the chain's commit */
  n = epoch; nx = o; o = 0
}

inline acknowledge() {
  assert((news & ~reach[chain[top]]) == 0);          /* CLAIM the newest commit reaches what is acknowledged, */
#ifdef DATA                                          /*       and every later one, since the chain forgets nothing */
  acked = acked | news;
#endif
  assert(chain[n + 1] == o)                          /* CLAIM who fell into a hole acknowledges nothing */
}

/* A pass stands at the next number that it removes; d = 0: it is over. */
#ifdef DESCENDING
#define pass_begins (n - KEEP)
#define skip_number d--
inline next_number() {
  do
  :: d > 0 && slot[d] == 0 -> d--
  :: else -> break
  od
}
#else
#define skip_number d++
#ifdef KEEP_FIRST
#define pass_begins 2
#else
#define pass_begins 1
#endif
inline next_number() {
  do
  :: d + KEEP <= n && slot[d] == 0 -> d++
  :: else -> break
  od;
  if
  :: d + KEEP > n -> d = 0
  :: else
  fi
}
#endif

proctype writer(byte me) {
  byte n, nx;          /* the commit relied on: its number and its bytes; 0, 0: the sequence is empty */
  byte o;              /* the object of the last attempt */
  byte news;           /* the items that the commit under way adds */
  byte epoch;          /* 0: not the owner */
  byte left = OWN;
  byte d;              /* the number that a deletion pass stands at; 0: none is under way */
  byte k;
  mtype answer;
#ifdef DATA
  byte v, old_v;       /* the data object to name, and the one it replaced */
#endif

  atomic { begun == me -> begun++; begin_list(me) }
  goto listed;

listing:
  atomic { o = 0; n = 0; nx = 0; begin_list(me) }
listed:
  atomic {
    end_list(me, n);
    if
    :: n == 0 -> goto creating
    :: else
    fi
  }
  atomic { /* reading */
    nx = slot[n];
    if
    :: nx == 0 -> goto listing
    :: else
    fi
  }
#ifndef NO_PROOF
  atomic { /* proving */
    if
    :: stands_before(n, nx)
    :: else -> goto listing
    fi
  }
#endif
#ifdef DATA
  d_step { v = ver[nx]; old_v = v }
#endif

creating: /* and committing */
  atomic {
    if
    :: n == N -> goto done
    :: else
    fi;
    attempt();
    if
    :: answer == created -> answer = 0; goto looking
    :: answer == exists -> answer = 0
    :: answer == unknown -> answer = 0;
#ifndef SAME_BYTES
       o = 0;
#endif
#ifdef ID_ONLY
       if
       :: epoch != 0 && items < 8 -> news = news | one(items); items++    /* what came meanwhile goes in, too */
       :: else
       fi;
#endif
       goto creating
    fi
  }
  atomic { /* comparing, and checking */
    o = slot[n + 1];
    if
    :: o != 0 && who[o] == me + 1                    /* one of its attempts for this number */
    :: else ->
       if
       :: epoch == 0 -> goto listing
       :: else -> goto done                          /* fenced */
       fi
    fi
  }

looking: /* and confirming */
#ifdef ACK_EARLY
  atomic {
    if
    :: epoch != 0 -> acknowledge()
    :: else
    fi
  }
#endif
  atomic {
#ifndef NO_LOOK
    if
    :: stands_before(n + 1, o)
    :: else ->
       if
       :: epoch == 0 -> goto listing
       :: else -> goto done                          /* fenced */
       fi
    fi;
#endif
    if
    :: epoch != 0 ->
#ifndef ACK_EARLY
       acknowledge();
#endif
       n = n + 1; nx = o; o = 0; news = 0
    :: epoch == 0 ->
#ifdef LIST_AGAIN
       begin_list(me);
       goto listing_again
#else
       become_owner()
#endif
    fi
  }
  goto owning;

#ifdef LIST_AGAIN
listing_again:
  atomic {
    end_list(me, k);
    if
    :: k > n + 1 -> k = 0; goto listing
    :: else -> k = 0; become_owner()
    fi
  }
#endif

owning:
end_owning:
  do
  :: atomic { left > 0 && n < N && items < 8 && d == 0 ->
       left--;
       news = one(items); items++;
#ifdef DATA
       dirty[me] = news;
       if
       :: v == old_v && !(objects & one(me + 1)) ->  /* merge: a new data object takes the place of the old */
          v = me + 1; objects = objects | one(v);
#ifdef MERGE_EARLY
          objects = objects & ~one(old_v);
          assert(ver[chain[top]] != old_v)
#endif
       :: true
       fi;
#else
       goto creating
#endif
     }
#ifdef DATA
     atomic {
       if
#ifdef NAME_UNSYNCED
       :: true
#else
       :: dirty[me] = 0                              /* synced */
#endif
       :: gone = gone | dirty[me]; dirty[me] = 0;    /* crashed */
          assert((gone & reach[chain[top]]) == 0);   /* CLAIM what the newest commit reaches survives crashes */
          goto done
       fi
     }
     goto creating
  :: atomic { v != old_v && d == 0 ->                /* the commit that names v is counted: the old one may go */
       objects = objects & ~one(old_v);
       assert(ver[chain[top]] != old_v);             /* CLAIM what the newest commit names is there */
       old_v = v }
  :: atomic { dirty[me] != 0 ->                      /* NAME_UNSYNCED only: crashed with named bytes unsynced */
       gone = gone | dirty[me];
       assert((gone & acked) == 0);                  /* CLAIM what is acknowledged is durable */
       goto done }
#endif
  :: atomic { d == 0 && n > KEEP -> d = pass_begins; next_number() };
#ifdef TURNING
     progress_pass: skip                             /* an idle owner may start passes for ever; nobody else turns */
#endif
  :: atomic { d != 0 ->
       if
#if !defined(NO_MARK) && !defined(KEEP_FIRST)
       :: d == 1 && !mark -> mark = true             /* confirmed before the next step */
#endif
       :: else ->
          if
          :: slot[d] != 0 -> take_away(d)
          :: slot[d] != chain[d] -> skip_number              /* came after the pass had listed: not seen */
          fi;
          next_number()
       fi
     }
  od;

done: /* fenced, crashed or at a bound of the model: no further step */
  atomic { n = 0; nx = 0; o = 0; news = 0; d = 0; left = 0; k = 0; answer = 0;
#ifdef DATA
    v = 0; old_v = 0;
#endif
    epoch = 0 }
}

#ifdef READER
proctype reader() {
  byte m, x, k;
listing:
  atomic { m = 0; x = 0; begin_list(WRITERS) }
  atomic {
    end_list(WRITERS, m);
    if
    :: m == 0 -> goto done
    :: else
    fi
  }
  atomic {
    x = slot[m];
    if
    :: x == 0 -> goto listing
    :: else
    fi
  }
  atomic {
#ifndef NO_PROOF
    if
    :: stands_before(m, x)
    :: else -> goto listing
    fi;
#endif
    assert((reach[x] & ~reach[chain[top]]) == 0);    /* CLAIM a reader returns what the chain reaches, */
    assert(chain[m] == x)                            /* CLAIM from a commit of the chain */
  }
#ifdef DATA
  atomic { /* the object it names may have been deleted meanwhile */
    if
    :: objects & one(ver[x])
    :: else -> goto listing
    fi
  }
#endif
done:
  atomic { m = 0; x = 0 }
}
#endif

/* A create whose sender gave up waiting arrives. */
active proctype network() {
  byte k;
end_network:
  do
  :: atomic { late != 0 ->
       if
       :: slot[late_at] == 0 -> put(late_at, late)
       :: else -> forget(late)
       fi;
       late = 0; late_at = 0
     }
  od
}

init {
  atomic {
    byte i = 0;
    do
    :: i < WRITERS -> run writer(i); i++
    :: else -> break
    od;
    i = 0;
#ifdef READER
    run reader()
#endif
  }
}
