\* SPDX-License-Identifier: GPL-2.0-or-later
-------------------------------- MODULE Swap --------------------------------
(* swap-entry life cycle: the exact definition of README.md, one action a rule *)
EXTENDS Naturals, FiniteSets, TLC
CONSTANTS E, S, C, Z, None, Bug

VARIABLES ent, rmap, cpu
vars == <<ent, rmap, cpu>>

Empty == [tag |-> "NONE", slot |-> None, cnt |-> 0, cache |-> FALSE, dirty |-> FALSE]
Idle  == [pc |-> "IDLE", pick |-> None, reg |-> None]
Backed(v) == ent[v].tag \in {"PHYS", "ZERO", "ZSWAP"}
Pool == Cardinality({v \in E : ent[v].tag = "ZSWAP"})
Released(v) == IF ent[v].tag = "PHYS" THEN [rmap EXCEPT ![ent[v].slot] = None] ELSE rmap

Init == /\ ent = [v \in E |-> Empty]
        /\ rmap = [s \in S |-> None]
        /\ cpu = [c \in C |-> Idle]

Alloc(v) == /\ ent[v].tag = "NONE" /\ ent[v].cnt = 0 /\ ~ent[v].cache
            /\ ent' = [ent EXCEPT ![v] = [tag |-> "FOLIO", slot |-> None, cnt |-> 1, cache |-> TRUE, dirty |-> TRUE]]
            /\ UNCHANGED <<rmap, cpu>>
Fork(v) == /\ ent[v].cnt \in 1..1
           /\ ent' = [ent EXCEPT ![v].cnt = @ + 1]
           /\ UNCHANGED <<rmap, cpu>>
UnmapFree(v) == /\ ent[v].cnt > 0
                /\ IF ent[v].cnt = 1 /\ ~ent[v].cache
                   THEN /\ rmap' = Released(v) /\ ent' = [ent EXCEPT ![v] = Empty]
                   ELSE /\ ent' = [ent EXCEPT ![v].cnt = @ - 1] /\ UNCHANGED rmap
                /\ UNCHANGED cpu
DirtyFolio(v) == ent[v].tag = "FOLIO" /\ ent[v].cache /\ ent[v].dirty
StoreZswap(v) == /\ DirtyFolio(v) /\ Pool < Z
                 /\ ent' = [ent EXCEPT ![v].tag = "ZSWAP", ![v].dirty = FALSE]
                 /\ UNCHANGED <<rmap, cpu>>
StoreZero(v) == /\ DirtyFolio(v)
                /\ ent' = [ent EXCEPT ![v].tag = "ZERO", ![v].dirty = FALSE]
                /\ UNCHANGED <<rmap, cpu>>
StorePhys(v, s) == /\ DirtyFolio(v) /\ rmap[s] = None
                   /\ ent' = [ent EXCEPT ![v].tag = "PHYS", ![v].slot = s, ![v].dirty = FALSE]
                   /\ rmap' = [rmap EXCEPT ![s] = v]
                   /\ UNCHANGED cpu
DropCache(v) == /\ ent[v].cache /\ ~ent[v].dirty /\ ent[v].cnt > 0
                /\ ent' = [ent EXCEPT ![v].cache = FALSE]
                /\ UNCHANGED <<rmap, cpu>>
DropCacheLast(v) == /\ ent[v].cache /\ ent[v].cnt = 0 /\ \A c \in C : cpu[c].pick # v
                    /\ rmap' = Released(v) /\ ent' = [ent EXCEPT ![v] = Empty]
                    /\ UNCHANGED cpu
SwapIn(v) == /\ ~ent[v].cache /\ Backed(v)
             /\ ent' = [ent EXCEPT ![v].cache = TRUE, ![v].dirty = FALSE]
             /\ UNCHANGED <<rmap, cpu>>
Redirty(v) == /\ ent[v].cache /\ ~ent[v].dirty /\ Backed(v)
              /\ rmap' = Released(v)
              /\ ent' = [ent EXCEPT ![v].tag = "FOLIO", ![v].slot = None, ![v].dirty = TRUE]
              /\ UNCHANGED cpu
WbPick(c, v) == /\ cpu[c].pc = "IDLE" /\ ent[v].tag = "ZSWAP" /\ ~ent[v].cache
                /\ cpu' = [cpu EXCEPT ![c] = [pc |-> "PICKED", pick |-> v, reg |-> None]]
                /\ ent' = [ent EXCEPT ![v].cache = TRUE, ![v].dirty = FALSE]
                /\ UNCHANGED rmap
WbAlloc(c, s) == /\ cpu[c].pc = "PICKED" /\ rmap[s] = None
                 /\ cpu' = [cpu EXCEPT ![c].pc = "ALLOCATED", ![c].reg = s]
                 /\ rmap' = [rmap EXCEPT ![s] = cpu[c].pick]
                 /\ UNCHANGED ent
WbAbort(c) == /\ cpu[c].pc = "PICKED"
              /\ cpu' = [cpu EXCEPT ![c] = Idle]
              /\ UNCHANGED <<ent, rmap>>
WbCommit(c) == /\ cpu[c].pc = "ALLOCATED"
               /\ IF ent[cpu[c].pick].tag = "ZSWAP" \/ Bug
                  THEN /\ ent' = [ent EXCEPT ![cpu[c].pick].tag = "PHYS", ![cpu[c].pick].slot = cpu[c].reg]
                       /\ UNCHANGED rmap
                  ELSE /\ rmap' = [rmap EXCEPT ![cpu[c].reg] = None] /\ UNCHANGED ent
               /\ cpu' = [cpu EXCEPT ![c] = Idle]

Next == \/ \E v \in E : \/ Alloc(v) \/ Fork(v) \/ UnmapFree(v) \/ StoreZswap(v) \/ StoreZero(v)
                        \/ DropCache(v) \/ DropCacheLast(v) \/ SwapIn(v) \/ Redirty(v)
                        \/ \E s \in S : StorePhys(v, s)
        \/ \E c \in C : \/ WbAbort(c) \/ WbCommit(c)
                        \/ \E v \in E : WbPick(c, v)
                        \/ \E s \in S : WbAlloc(c, s)
Spec == Init /\ [][Next]_vars

RmapPointsBack == \A s \in S : rmap[s] # None =>
     \/ ent[rmap[s]].tag = "PHYS" /\ ent[rmap[s]].slot = s
     \/ \E c \in C : cpu[c].pc = "ALLOCATED" /\ cpu[c].reg = s
EntryOwnsSlot == \A v \in E : ent[v].tag = "PHYS" => rmap[ent[v].slot] = v
Sym == Permutations(E) \cup Permutations(S) \cup Permutations(C)
=============================================================================
