# SPDX-License-Identifier: GPL-2.0-or-later
"""What must hold, and what is asked about which design."""
