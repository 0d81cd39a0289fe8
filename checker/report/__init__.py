# SPDX-License-Identifier: GPL-2.0-or-later
"""What came out, for people (text) and for programs (json)."""
