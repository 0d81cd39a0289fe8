#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# tlc_swap.sh V S C Z WORKERS SYM(0|1) BUG(0|1) [extra TLC options]; TLCCP = class path of TLC
here=$(dirname "$(readlink -f "$0")"); W=${W:-${TMPDIR:-/tmp}/peer-work}; : ${TLCCP:?set TLCCP to the class path of the TLA+ tools}
V=$1 S=$2 C=$3 Z=$4 K=$5 SYM=$6 BUG=$7; shift 7
d=$W/tlc_$V$S$C${Z}_$K$SYM$BUG; mkdir -p "$d"; cp "$here/Swap.tla" "$d/"
lst() { local o= i; for i in $(seq 1 $2); do o="$o${o:+, }$1$i"; done; echo "{$o}"; }
{ echo "CONSTANTS E = $(lst e $V)"; echo "S = $(lst s $S)"; echo "C = $(lst c $C)"; echo "Z = $Z"; echo "None = None"
  [ $BUG = 1 ] && echo "Bug = TRUE" || echo "Bug = FALSE"
  echo "SPECIFICATION Spec"; echo "INVARIANTS RmapPointsBack EntryOwnsSlot"; [ $SYM = 1 ] && echo "SYMMETRY Sym"; } > "$d/Swap.cfg"
cd "$d"; exec java -XX:+UseParallelGC -Xmx${XMX:-6g} -XX:MaxDirectMemorySize=${XMD:-4g} -Dtlc2.tool.fp.FPSet.impl=tlc2.tool.fp.OffHeapDiskFPSet -cp "$TLCCP" tlc2.TLC -workers $K -deadlock -noGenerateSpecTE -metadir "$d/states" -cleanup -config Swap.cfg "$@" Swap.tla
