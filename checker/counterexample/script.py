# SPDX-License-Identifier: GPL-2.0-or-later
"""The race as a Python program that drives the author's own functions to the break."""

from __future__ import annotations

from itertools import pairwise

from checker.counterexample.key import Key
from checker.counterexample.trace import Step, Trace
from checker.words import amount

PROGRAM = '''\
#!/usr/bin/env python3
"""{title}

The raw reading runs the model's own functions here, one step after the other: set
a breakpoint in one of them, or in step().  {where}
"""

{imports}

asked, _ = ask({words!r}, switches={switches!r}, design={design!r}, scope={scope!r})
system = question(asked, asked.spec({spec!r})).system
raw = Raw(system)
before = here = raw.initial()[{initial}]
last = None
been, done = [here], []


def step(actor, procedure, *params, says=None, choices=()):
    """Lets an actor (None: nobody in particular) do one step of a procedure."""
    global before, here, last
    for found in raw.successors(here):
        if (found.actor_name, found.procedure, tuple(found.params.values()), found.choices, found.label) == (
                actor, procedure, params, choices, says):
            before, here, last = here, found.target, found
            been.append(here)
            done.append(found)
            print(f"{{actor or '*':12}} {{procedure}}({{', '.join(params)}}){{': ' + says if says else ''}}")
            return
    raise SystemExit(f"{{actor or 'nobody'}} cannot do this step of {{procedure}}: the model has changed")


{steps}

{check}
print({verdict!r})
'''


def script(trace: Trace) -> str:
    """The program.  It ends with an error where the model no longer does what the trace says."""
    options = list(trace.options)
    words = options[:1] if options and not options[0].startswith("--") else []
    after = {flag: [value for name, value in pairwise(options) if name == flag]
             for flag in ("--set", "--design", "--scope")}
    extra, check = _check(trace)
    imports = ["from checker.asked import ask", *extra, "from checker.language.raw import Raw",
               "from checker.run import question"]
    return PROGRAM.format(
        title=f"{trace.spec}: {trace.promise} breaks in {amount(len(trace.steps), 'step')}.".replace("\\", "\\\\"),
        where=f"Run it where {words[0]} is." if words else "Run it with the Python that has the model.",
        imports="\n".join(sorted(imports)), words=words, switches=after["--set"],
        design=next(iter(after["--design"]), None), scope=after["--scope"], spec=trace.spec,
        initial=Key.parse(trace.key).initial, steps="\n".join(map(_step, trace.steps)), check=check,
        verdict=f"{trace.promise} is broken here, as the trace says.")


def _step(step: Step) -> str:
    words = [repr(step.actor), repr(step.procedure), *map(repr, step.params.values())]
    words += [f"says={step.label!r}"] if step.label is not None else []
    words += [f"choices={step.choices!r}"] if step.choices else []
    return f"step({', '.join(words)})"


def _check(trace: Trace) -> tuple[list[str], str]:
    """What to import, and the statement that fails where the promise is kept."""
    name = trace.promise
    if name == "no_deadlock":
        return [], 'assert not raw.successors(here), "somebody can move"'
    if name == "every_operation_can_finish":
        return ["from checker.counterexample.follow import stuck"], 'assert stuck(raw, here), "everybody can finish"'
    if trace.kind == "can_always_reach":
        return (["from checker.counterexample.lasso import unreachable"],
                f"promise = next(p for p in system.run_promises if p.name == {name!r})\n"
                'assert unreachable(raw, promise, here), "it can be reached"')
    if trace.kind == "progress":
        return (["from checker.counterexample.lasso import lasso"],
                f"promise = next(p for p in system.run_promises if p.name == {name!r})\n"
                f'assert lasso(raw, promise, been, done, {trace.loop!r}), "it is kept"')
    if name == "no_model_error" and trace.steps and trace.steps[-1].error:
        return [], 'assert last.error, "nothing went wrong"'
    if name == "no_model_error":
        return (["from checker.counterexample.follow import goes_wrong"],
                'assert goes_wrong(raw, here, before if last else None), "every promise can be asked"')
    if trace.kind in ("assertion", "built-in"):
        return [], f'assert {name!r} in last.broken, "it is kept"'
    states = "here, before" if trace.kind == "step" else "here"
    return [], f'assert not raw.holds({name!r}, {states}), "it is kept"'
