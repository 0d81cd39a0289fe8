# SPDX-License-Identifier: GPL-2.0-or-later
"""A model checker for concurrent protocols that are written in plain Python."""
