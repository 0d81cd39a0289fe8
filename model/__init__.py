# SPDX-License-Identifier: GPL-2.0-or-later
"""The kernel's virtual swap, in kernel words; start reading at ``model.vswap``."""
