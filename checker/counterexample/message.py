# SPDX-License-Identifier: GPL-2.0-or-later
"""The race as a commit message: subject, why, the columns, the replay line."""

from __future__ import annotations

import textwrap

from checker.counterexample.race import WIDTH, beginning, broken_clause, columns, command, minimal
from checker.counterexample.trace import Trace


def commit_message(trace: Trace, why: str = "", changed: str = "") -> str:
    """``why`` is what the spec says of itself: its title is the subject, unless the question was
    ``changed`` (design or scope of the command line, in words), or it has none.
    """
    first, _, body = why.strip().partition("\n\n")
    title = " ".join(first.split())
    titled = bool(body.strip()) and len(title) <= WIDTH and not changed
    parts = [title if titled else subject(trace)]
    if not changed:
        parts += [_wrap(part) for part in (body if titled else why).split("\n\n") if part.strip()]
    where = f'scope "{trace.scope.get("name", "")}"' + (f", with {changed}" if changed else "")
    parts.append(_wrap(f"The shortest way to break {_name(trace)}, in {where}:"))
    parts += [part for part in (beginning(trace), columns(trace), broken_clause(trace)) if part]
    parts += [_wrap(minimal(trace)), "Replay:\n" + command(trace)]
    # git takes a line that begins with # for a comment
    return "\n".join(f" {line}" if line.startswith("#") else line for line in "\n\n".join(parts).splitlines()) + "\n"


def subject(trace: Trace) -> str:
    """A subject for what broke: at most 75 characters."""
    head = f"{trace.model}: {_name(trace)} {'fails' if trace.kind == 'assertion' else 'breaks'}"
    operations = " / ".join(trace.operations())
    whole = f"{head} in {operations}"
    return whole if operations and len(whole) <= WIDTH else textwrap.shorten(head, WIDTH, placeholder=" ...")


def _name(trace: Trace) -> str:
    return f'"{trace.promise}"' if trace.kind == "assertion" else trace.promise


def _wrap(text: str) -> str:
    return textwrap.fill(" ".join(text.split()), WIDTH, break_on_hyphens=False)
