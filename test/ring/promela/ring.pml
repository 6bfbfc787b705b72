/*
 * One stage of the ring: a source, workers that claim, commit and publish, a sink; bells, arenas, spills, deaths at any step.
 *
 *     source ─▶ [table 0] ─▶ workers ─▶ [table 1] ─▶ sink
 *
 * A frame is one slot of table 0, and frame f of the source holds f. A claim word is (state, seat, lap, tries), read and
 * swapped in one step. Everything else is a step of its own: records, payload, counters, bells.
 *
 * PARTS: a frame is handled in so many parts, each with a claim of its own: what is left of it is given back. LAST: the stage
 * stops at that frame. FLUSH: a frame without input comes after all others (one worker).
 *
 * Checked: what a worker reads is what was put there; each part is handled once; the sink gets 0, 1, 2 … whole, up to the end and no
 * further; and nobody waits for ever, since a lost
 * wake-up is an invalid end. FILLED: the source has put everything before the first step. `spin -a -DNAME` makes a mistake on purpose; each must be found (verify.ts).
 */
#ifndef ITEMS
#define ITEMS 3
#endif
#ifndef SLOTS
#define SLOTS 2
#endif
#ifndef WORKERS
#define WORKERS 2
#endif
#ifndef DEATHS
#define DEATHS 1
#endif
#ifndef LEAVES                    /* the first worker ends with the first frame of which it gives something back */
#define LEAVES 0
#endif
#ifndef SUSPICIONS
#define SUSPICIONS 0
#endif

#ifndef PARTS
#define PARTS 1
#endif
#ifdef LAST
#define FRAMES (LAST + 1)
#else
#ifdef FLUSH
#define FRAMES (ITEMS + 1)
#else
#define FRAMES ITEMS
#endif
#endif

#define NOBODY 99
#define TORN 98
#define SPILL WORKERS             /* place of outputs: a worker's arena of one region, or a segment of the frame's own */
#define SUPERVISOR WORKERS        /* seat */
#define LAP(f) ((f) / SLOTS)
#define AT(f) ((f) % SLOTS)
#define COLUMN(f, seat) (AT(f) * (WORKERS + 1) + (seat))

mtype = { FREE, CLAIMED, READY, DONE }
typedef Word { mtype is = FREE; byte seat = 0; byte lap = 0; byte tries = 0 }

Word word[SLOTS]                  /* claim words of table 1 */
byte output[SLOTS * (WORKERS + 1)]; /* records: where the outputs of a slot are, by seat */
byte handled[SLOTS * (WORKERS + 1)]; /* and how many of its parts are finished */
bool isLast[SLOTS * (WORKERS + 1)];  /* and whether the stage ends with it */
byte finished[WORKERS]            /* desks: parts that were finished when the frame in hand was claimed */
byte seen[WORKERS]                /* desks: how often something was given back, when there was nothing to be found */
byte returned = 0
byte published = 0
byte end1 = 0
bool isEnded1 = false
#ifdef ENDS_BEFORE_THE_LAST_IS_PUBLISHED
#define IS_OVER1 isEnded1
#else
#define IS_OVER1 (isEnded1 && published == end1)
#endif
byte parts[ITEMS + 2]             /* what a worker has done for good, by frame: only to be checked */
byte arena[WORKERS + 1 + SLOTS]   /* payload: an arena a worker, then a spill segment a slot */
byte kept[WORKERS]                /* entry of an arena: which frame its region is for */

byte value[SLOTS]                 /* table 0: payload, state, lap */
bool isDone0[SLOTS]
byte lap0[SLOTS]
byte published0 = 0
bool isOver0 = false

byte bell[2]                      /* 0: source and sink, 1: workers */
bool isAsleep[WORKERS + 2]        /* by process: workers, source, sink */
byte asleepAt[WORKERS + 2]

bool isDying[WORKERS]
bool hasExited[WORKERS]
bool hasEnded[WORKERS]
byte ended = 0
byte deaths = 0
byte suspicions = 0

inline wake(which) {
  d_step {
    i_ = 0;
    do
    :: i_ < WORKERS + 2 -> if :: isAsleep[i_] && asleepAt[i_] == which -> isAsleep[i_] = false :: else fi; i_++
    :: else -> i_ = 0; break
    od
  }
}
inline ring(which) {
  d_step { isRung = (bell[which] % 2 == 1); if :: isRung -> bell[which] = (bell[which] + 1) % 8 :: else fi };
  if :: isRung -> wake(which) :: else fi;
  isRung = false
}
inline listen(which) {
  d_step { if :: bell[which] % 2 == 0 -> bell[which] = bell[which] + 1 :: else fi; heard = bell[which] }
}
inline wait(me, which) {
  atomic { if :: bell[which] == heard -> isAsleep[me] = true; asleepAt[me] = which :: else fi };
  !isAsleep[me];
  heard = 0
}

/* Anybody may. */
inline publish() {
  hasMoved = false;
  do
  :: true ->
    p = published;
#ifdef PUBLISHES_BEHIND_THE_LAST
    d_step { isSwapped_ = (word[AT(p)].is == DONE && word[AT(p)].lap == LAP(p)) };
#else
    d_step { isSwapped_ = (word[AT(p)].is == DONE && word[AT(p)].lap == LAP(p) && !(isEnded1 && end1 == p)) };
#endif
    if
    :: !isSwapped_ -> break
    :: else ->
#if defined(LAST) && !defined(ENDS_AT_THE_COMMIT)
      /* unless others have published it by now, and it was used again */
      d_step { if :: word[AT(p)].is == DONE && word[AT(p)].lap == LAP(p) && isLast[COLUMN(p, word[AT(p)].seat)] -> end1 = p + 1; isEnded1 = true :: else fi };
#endif
      d_step { if :: isDone0[AT(p)] && lap0[AT(p)] == LAP(p) -> isDone0[AT(p)] = false; lap0[AT(p)] = LAP(p) + 1 :: else fi };
      d_step { if :: published == p -> published = p + 1 :: else fi };
      hasMoved = true
    fi
  od;
  if :: hasMoved -> ring(0); ring(1) :: else fi;
  d_step { p = 0; hasMoved = false; isSwapped_ = false }
}

/* Looks for a frame: `got` is FREE for nothing, CLAIMED for a frame `f`, DONE for the end. */
inline claim(me) {
  d_step {
    got = FREE; f = published; p = f + SLOTS; tries = 0;
#if PARTS > 1
    if :: returned == seen[me] -> p = f :: else fi;
#endif
#ifndef FORGETS_WHAT_WAS_GIVEN_BACK
    do
    :: f < p && !(word[AT(f)].is == READY && word[AT(f)].lap == LAP(f)) -> f++
    :: else -> break
    od;
    if
    :: f < p ->
      finished[me] = handled[COLUMN(f, word[AT(f)].seat)]; handled[COLUMN(f, me)] = finished[me];
      word[AT(f)].is = CLAIMED; word[AT(f)].seat = me; tries = word[AT(f)].tries; got = CLAIMED
    :: else ->
      f = published;
#if PARTS > 1
      seen[me] = returned;
#endif
    fi;
#endif
    p = 0
  };
  if
  :: IS_OVER1 -> if :: got == FREE -> got = DONE :: else fi
  :: else
  fi;
  if
  :: got == FREE ->
    d_step {
      do
      :: word[AT(f)].lap > LAP(f) || (word[AT(f)].lap == LAP(f) && word[AT(f)].is != FREE) -> f++
      :: else -> break
      od;
      if :: word[AT(f)].lap == LAP(f) -> skip :: else -> f = NOBODY fi /* full */
    };
    if
#ifdef FLUSH
#ifdef FLUSHES_AGAIN
    :: f != NOBODY && (f < published0 || (isOver0 && published == f && f >= ITEMS && f <= ITEMS + 1)) ->
#else
#ifdef NEVER_FLUSHES
    :: f != NOBODY && f < published0 ->
#else
    :: f != NOBODY && (f < published0 || (isOver0 && published == f && f == ITEMS)) ->
#endif
#endif
#else
    :: f != NOBODY && f < published0 ->
#endif
      d_step { output[COLUMN(f, me)] = NOBODY; handled[COLUMN(f, me)] = 0; isLast[COLUMN(f, me)] = false; finished[me] = 0 };
      d_step {
        if
#ifdef CUTS_WITHOUT_A_COMPARE
        :: true ->
#else
        :: word[AT(f)].is == FREE && word[AT(f)].lap == LAP(f) ->
#endif
          word[AT(f)].is = CLAIMED; word[AT(f)].seat = me; word[AT(f)].tries = 0; got = CLAIMED
#ifndef CUTS_WITHOUT_A_COMPARE
        :: else -> got = READY /* others were faster: look again */
#endif
        fi
      };
#ifdef FREES_WHAT_IT_CLAIMS
      d_step { if :: got == CLAIMED && isDone0[AT(f)] -> isDone0[AT(f)] = false; lap0[AT(f)] = LAP(f) + 1 :: else fi };
#endif
    :: else ->
#ifdef NEVER_FLUSHES
      d_step { if :: isOver0 && published == ITEMS -> got = DONE; end1 = published; isEnded1 = true :: else fi; f = 0 };
#else
#ifdef FLUSH
      d_step { if :: isOver0 && published > ITEMS -> got = DONE; end1 = published; isEnded1 = true :: else fi; f = 0 };
#else
      d_step { if :: isOver0 && published == ITEMS -> got = DONE; end1 = published; isEnded1 = true :: else fi; f = 0 };
#endif
#endif
      if :: got == DONE -> ring(0); ring(1) :: else fi
    fi
  :: else
  fi
}

proctype Worker(byte me) {
  byte f, p, tries, heard, i_, place;
  mtype got;
  bool isSwapped_, hasMoved, isWrong, isRung, isPart;
  {
    do
    :: claim(me);
      if
      :: got == FREE ->
        listen(1);
#ifndef PARKS_WITHOUT_A_SECOND_LOOK
        claim(me);
#endif
        if :: got == FREE -> wait(me, 1); got = READY :: else fi
      :: else
      fi;
      if
      :: got == DONE -> break
      :: got == READY -> skip
      :: got == CLAIMED ->
        isWrong = (f < ITEMS && value[AT(f)] != f);
        /* room for the outputs: the arena has one region */
        do
        :: true ->
          place = kept[me];
#ifdef OVERWRITES_ITS_ARENA
          place = NOBODY;
#endif
          if
          :: place == NOBODY -> place = me; break
          :: place != NOBODY && word[AT(place)].lap > LAP(place) -> kept[me] = NOBODY; place = me; break
          :: else
          fi;
          listen(1);
          if
#ifndef NEVER_SPILLS
          :: published == f -> place = SPILL + 1 + AT(f); break
#endif
          :: published != f && word[AT(place)].lap > LAP(place) -> skip
          :: else -> wait(me, 1)
          fi
        od;
        arena[place] = TORN;
#ifndef COMMITS_BEFORE_THE_PAYLOAD
        arena[place] = f;
#endif
        output[COLUMN(f, me)] = place;
        handled[COLUMN(f, me)] = finished[me] + 1;
#ifdef LAST
        isLast[COLUMN(f, me)] = (f == LAST && finished[me] + 1 == PARTS);
#endif
        isPart = (finished[me] + 1 < PARTS);
#ifdef TAKES_A_PART_FOR_ALL
        isPart = false;
#endif
#ifndef NOTES_THE_REGION_AFTER_THE_COMMIT
        if :: place == me -> kept[me] = f :: else fi;
#endif
        d_step {
          isSwapped_ = (word[AT(f)].is == CLAIMED && word[AT(f)].seat == me && word[AT(f)].lap == LAP(f) && word[AT(f)].tries == tries);
          if
          :: isSwapped_ && isPart -> word[AT(f)].is = READY; word[AT(f)].tries++
          :: isSwapped_ && !isPart -> word[AT(f)].is = DONE
          :: else
          fi;
          if :: isSwapped_ -> assert(parts[f] == finished[me]); parts[f] = parts[f] + 1; assert(isPart || parts[f] == PARTS) :: else fi
        };
        assert(!isSwapped_ || !isWrong);
#ifdef ENDS_AT_THE_COMMIT
        if :: isSwapped_ && isLast[COLUMN(f, me)] -> publish(); d_step { end1 = published; isEnded1 = true }; ring(0); ring(1) :: else fi;
#endif
#ifndef GIVES_BACK_WITHOUT_A_WORD
        if
        :: isSwapped_ && isPart ->
          returned = returned + 1; /* a swap: who finds it done has nothing to add */
#ifndef COUNTS_WITHOUT_A_BELL
          ring(1)
#endif
        :: else
        fi;
#endif
#ifdef COMMITS_BEFORE_THE_PAYLOAD
        arena[place] = f;
#endif
#ifdef NOTES_THE_REGION_AFTER_THE_COMMIT
        if :: place == me -> kept[me] = f :: else fi;
#endif
        d_step { f = 0; tries = 0; place = 0; isWrong = false; isSwapped_ = false; got = FREE };
        if :: isPart && me == 0 && LEAVES -> break :: else fi;
        isPart = false;
        publish()
      fi
    od;
    atomic { ended++; hasEnded[me] = true }
  } unless { isDying[me] };
  hasExited[me] = isDying[me]
}

proctype Source() {
  byte f, heard, i_;
  bool isRung;
  do
  :: f == ITEMS || IS_OVER1 -> break
  :: f < ITEMS && !IS_OVER1 ->
    if
    :: isDone0[AT(f)] || lap0[AT(f)] != LAP(f) ->
      listen(0);
      if :: (isDone0[AT(f)] || lap0[AT(f)] != LAP(f)) && !IS_OVER1 -> wait(WORKERS, 0) :: else -> heard = 0 fi
    :: else ->
#ifdef RINGS_BEFORE_IT_PUBLISHES
      ring(1);
#endif
      value[AT(f)] = f;
      isDone0[AT(f)] = true;
      published0 = f + 1;
      if :: f + 1 == ITEMS -> isOver0 = true :: else fi;
      f++;
#ifndef RINGS_BEFORE_IT_PUBLISHES
      ring(1)
#endif
    fi
  od
}

proctype Sink() {
  byte f, heard, i_, seat;
  bool isRung;
  do
  :: IS_OVER1 && f == published -> break
  :: !(IS_OVER1 && f == published) ->
    if
    :: f == published ->
      listen(0);
      if :: f == published && !IS_OVER1 -> wait(WORKERS + 1, 0) :: else -> heard = 0 fi
    :: else ->
      seat = word[AT(f)].seat;
      assert(arena[output[COLUMN(f, seat)]] == f); /* once, whole, in order */
      d_step { word[AT(f)].is = FREE; word[AT(f)].lap = LAP(f) + 1; word[AT(f)].tries = 0; seat = 0 };
      f++;
      ring(1)
    fi
  od;
  assert(f == FRAMES)
}

/* Settles whoever has exited, and starts another in its place; or, if it must, somebody who lives. */
proctype Supervisor() {
  byte victim, i, p, i_;
  bool isSwapped_, hasMoved, isAlive, isRung;
  do
  :: deaths < DEATHS && ended == 0 ->
    deaths++;
    select(victim : 0 .. WORKERS - 1);
    isAlive = false;
    isDying[victim] = true;
    hasExited[victim] || hasEnded[victim];
    if :: hasEnded[victim] -> break :: else fi;
    goto settle
  :: suspicions < SUSPICIONS && ended == 0 ->
    suspicions++;
    select(victim : 0 .. WORKERS - 1);
    isAlive = true;
settle:
    i = 0;
    do
    :: i < SLOTS ->
      d_step {
        if
        :: word[i].is == CLAIMED && word[i].seat == victim ->
          output[i * (WORKERS + 1) + SUPERVISOR] = NOBODY;
#ifdef TAKES_WHAT_A_DEAD_WORKER_WROTE_DOWN
          handled[i * (WORKERS + 1) + SUPERVISOR] = handled[i * (WORKERS + 1) + victim];
#else
          handled[i * (WORKERS + 1) + SUPERVISOR] = finished[victim];
#endif
          word[i].is = READY; word[i].seat = SUPERVISOR; word[i].tries++
        :: else
        fi
      };
      i++
    :: else -> break
    od;
#if PARTS > 1
    returned = returned + 1;
#endif
    publish();
#ifdef ONLY_RINGS_AFTER_A_DEATH
    ring(0); ring(1);
#else
#ifndef WAKES_NOBODY_AFTER_A_DEATH
    ring(0); wake(0); ring(1); wake(1);
#endif
#endif
    if
    :: !isAlive -> isAsleep[victim] = false; isDying[victim] = false; hasExited[victim] = false; run Worker(victim)
    :: else
    fi
  :: true -> break
  od
}

init {
  byte i;
  atomic {
    i = 0;
    do :: i < WORKERS -> kept[i] = NOBODY; i++ :: else -> break od;
#ifdef FILLED
    i = 0;
    do :: i < ITEMS -> value[i] = i; isDone0[i] = true; i++ :: else -> break od;
    published0 = ITEMS; isOver0 = true;
#else
    run Source();
#endif
    run Sink();
    i = 0;
    do :: i < WORKERS -> run Worker(i); i++ :: else -> break od;
#if DEATHS + SUSPICIONS > 0
    run Supervisor();
#endif
    i = 0
  }
}
