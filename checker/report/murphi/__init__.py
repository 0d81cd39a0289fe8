# SPDX-License-Identifier: GPL-2.0-or-later
"""A system in the notation of Murphi, so that rumur can give a third opinion."""

from checker.report.murphi.system import export

__all__ = ["export"]
