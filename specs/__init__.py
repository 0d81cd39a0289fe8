# SPDX-License-Identifier: GPL-2.0-or-later
"""What must hold, and what is asked about which design; the specs in the order of a report."""

from specs.as_posted import *
from specs.backing import *
from specs.claims import *
from specs.compared import *
from specs.costs import *
from specs.direct import *
from specs.discussion import *
from specs.fork import *
from specs.freeing import *
from specs.hint import *
from specs.memcgs import *
from specs.o01 import *
from specs.o05 import *
from specs.pairs import *
from specs.requirements import *
from specs.rfc_v1 import *
from specs.runs import *
from specs.swap_in import *
from specs.swap_out import *
from specs.swapoff import *
from specs.writeback import *
from specs.zero import *
