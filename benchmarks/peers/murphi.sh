#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# murphi.sh MODEL.m.in|/PATH/MODEL.m NAME SYM(off|heuristic|exhaustive) THREADS KEY=VAL... -> builds $W/NAME
set -e
here=$(dirname "$(readlink -f "$0")"); W=${W:-${TMPDIR:-/tmp}/peer-work}; mkdir -p "$W"
in=$1 name=$2 sym=$3 thr=$4; shift 4
[[ $in = /* ]] || in=$here/$in
args=(); for kv in $*; do args+=(-e "s/@${kv%%=*}@/${kv#*=}/g"); done
sed -e "" "${args[@]}" "$in" > "$W/$name.m"
${RUMUR:-rumur} --deadlock-detection ${DEAD:-off} --symmetry-reduction=$sym --threads $thr ${RFLAGS} "$W/$name.m" --output "$W/$name.c"
# flags as rumur-run uses
gcc -std=c11 -O3 -march=native -mcx16 -fwhole-program ${CFL} "$W/$name.c" -o "$W/$name" -lpthread
