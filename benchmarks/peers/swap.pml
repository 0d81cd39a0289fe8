/* SPDX-License-Identifier: GPL-2.0-or-later */
/* swap-entry life cycle, Promela.  spin -a -DV=.. -DS=.. -DC=.. -DZ=.. [-DBUG] swap.pml
 * One process an entry and one a cpu, each a loop of d_step rules: one control point
 * a process, so stored states = model states.  Slots S <= 3.
 * slot/pick/reg/rmap use value+1, 0 = none. */
#ifndef V
#define V 2
#define S 2
#define C 2
#define Z 2
#endif
#define NONE 0
#define PHYS 1
#define ZERO 2
#define ZSWAP 3
#define FOLIO 4
#define IDLE 0
#define PICKED 1
#define ALLOC 2
byte tag[V]; byte slot[V]; byte cnt[V]; bool cache[V]; bool dirty[V];
byte rmap[S];
byte pc[C]; byte pick[C]; byte reg[C];
byte pool;                       /* number of entries with tag ZSWAP: a function of tag[] */

#if C == 1
#define UNPICKED(v) (pick[0] != v+1)
#else
#define UNPICKED(v) (pick[0] != v+1 && pick[1] != v+1)
#endif
#define BACK(v) (tag[v] == PHYS || tag[v] == ZERO || tag[v] == ZSWAP)

/* inside d_step: the backing store of v is freed */
#define RELEASE(v) \
  if :: tag[v] == PHYS -> rmap[slot[v]-1] = 0; slot[v] = 0 \
     :: tag[v] == ZSWAP -> pool-- \
     :: else fi

#define CHECK \
  assert(OKS(0) && OKV(0)); \
  CHECK_S1 CHECK_S2 CHECK_V1 CHECK_V2 CHECK_V3
#if C == 1
#define HELD(s) (pc[0] == ALLOC && reg[0] == s+1)
#else
#define HELD(s) ((pc[0] == ALLOC && reg[0] == s+1) || (pc[1] == ALLOC && reg[1] == s+1))
#endif
#define OKS(s) (rmap[s] == 0 || (tag[rmap[s]-1] == PHYS && slot[rmap[s]-1] == s+1) || HELD(s))
#define OKV(v) (tag[v] != PHYS || rmap[slot[v]-1] == v+1)
#if S > 1
#define CHECK_S1 assert(OKS(1));
#else
#define CHECK_S1
#endif
#if S > 2
#define CHECK_S2 assert(OKS(2));
#else
#define CHECK_S2
#endif
#if V > 1
#define CHECK_V1 assert(OKV(1));
#else
#define CHECK_V1
#endif
#if V > 2
#define CHECK_V2 assert(OKV(2));
#else
#define CHECK_V2
#endif
#if V > 3
#define CHECK_V3 assert(OKV(3));
#else
#define CHECK_V3
#endif

#define STORE_PHYS(v, s) \
  d_step { tag[v] == FOLIO && cache[v] && dirty[v] && rmap[s] == 0 -> \
           tag[v] = PHYS; slot[v] = s+1; rmap[s] = v+1; dirty[v] = false; CHECK }
#define WB_PICK(c, v) \
  d_step { pc[c] == IDLE && tag[v] == ZSWAP && !cache[v] -> \
           pc[c] = PICKED; pick[c] = v+1; cache[v] = true; dirty[v] = false; CHECK }
#define WB_ALLOC(c, s) \
  d_step { pc[c] == PICKED && rmap[s] == 0 -> \
           pc[c] = ALLOC; reg[c] = s+1; rmap[s] = pick[c]; CHECK }
#ifdef BUG
#define STILL(v) (true)
#else
#define STILL(v) (tag[v] == ZSWAP)
#endif

active [V] proctype Entry() {
  do
  :: d_step { tag[_pid] == NONE && cnt[_pid] == 0 && !cache[_pid] ->
       tag[_pid] = FOLIO; cnt[_pid] = 1; cache[_pid] = true; dirty[_pid] = true; CHECK }
  :: d_step { cnt[_pid] == 1 -> cnt[_pid] = 2; CHECK }
  :: d_step { cnt[_pid] > 0 -> cnt[_pid]--;
       if :: cnt[_pid] == 0 && !cache[_pid] -> RELEASE(_pid); tag[_pid] = NONE; dirty[_pid] = false
          :: else fi; CHECK }
  :: d_step { tag[_pid] == FOLIO && cache[_pid] && dirty[_pid] && pool < Z ->
       tag[_pid] = ZSWAP; pool++; dirty[_pid] = false; CHECK }
  :: d_step { tag[_pid] == FOLIO && cache[_pid] && dirty[_pid] ->
       tag[_pid] = ZERO; dirty[_pid] = false; CHECK }
  :: STORE_PHYS(_pid, 0)
#if S > 1
  :: STORE_PHYS(_pid, 1)
#endif
#if S > 2
  :: STORE_PHYS(_pid, 2)
#endif
  :: d_step { cache[_pid] && !dirty[_pid] && cnt[_pid] > 0 -> cache[_pid] = false; CHECK }
  :: d_step { cache[_pid] && cnt[_pid] == 0 && UNPICKED(_pid) ->
       RELEASE(_pid); tag[_pid] = NONE; cache[_pid] = false; dirty[_pid] = false; CHECK }
  :: d_step { !cache[_pid] && BACK(_pid) -> cache[_pid] = true; dirty[_pid] = false; CHECK }
  :: d_step { cache[_pid] && !dirty[_pid] && BACK(_pid) ->
       RELEASE(_pid); tag[_pid] = FOLIO; dirty[_pid] = true; CHECK }
  od
}

#define ME (_pid-V)
active [C] proctype Cpu() {
  do
  :: WB_PICK(ME, 0)
#if V > 1
  :: WB_PICK(ME, 1)
#endif
#if V > 2
  :: WB_PICK(ME, 2)
#endif
#if V > 3
  :: WB_PICK(ME, 3)
#endif
  :: WB_ALLOC(ME, 0)
#if S > 1
  :: WB_ALLOC(ME, 1)
#endif
#if S > 2
  :: WB_ALLOC(ME, 2)
#endif
  :: d_step { pc[ME] == PICKED -> pc[ME] = IDLE; pick[ME] = 0; CHECK }
  :: d_step { pc[ME] == ALLOC ->
       if :: STILL(pick[ME]-1) ->
               if :: tag[pick[ME]-1] == ZSWAP -> pool-- :: else fi;
               tag[pick[ME]-1] = PHYS; slot[pick[ME]-1] = reg[ME]
          :: else -> rmap[reg[ME]-1] = 0
       fi;
       pc[ME] = IDLE; pick[ME] = 0; reg[ME] = 0; CHECK }
  od
}
