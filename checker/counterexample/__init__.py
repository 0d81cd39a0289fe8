# SPDX-License-Identifier: GPL-2.0-or-later
"""A counterexample: one trace object, and its views."""
