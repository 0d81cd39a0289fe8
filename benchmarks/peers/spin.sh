#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# spin.sh MODEL.pml NAME "spin -D flags" "gcc flags" -> builds $W/NAME (verifier)
set -e
here=$(dirname "$(readlink -f "$0")"); W=${W:-${TMPDIR:-/tmp}/peer-work}; mkdir -p "$W/$2.d"; cd "$W/$2.d"
spin ${SPINA} $3 -a "$here/$1"
gcc -O3 -march=native -w $4 -o ../$2 pan.c ${LIBS} -lpthread
