# SPDX-License-Identifier: GPL-2.0-or-later
"""What the language does not have is refused: where it stands, what it is, what to write instead.

The line that a message must name ends in ``# here``.
"""

import re
from textwrap import dedent, indent

import pytest

from checker.language import LanguageError, UsageError, build, load_specs

BEFORE = '''
from dataclasses import dataclass
from enum import Enum

from checker.language import *


class Node(Index):
    """Symmetric."""


class Slot(Index):
    """Symmetric, another sort."""


class Level(Index, ordered=True):
    """Ordered."""


class Cpu(Actor):
    """A role."""


class Content(Data):
    """Contents."""


class Colour(Enum):
    RED = 0
    GREEN = 1


class Word(Union):
    EMPTY = case()
    PHYS = case(slot=Slot)


class Cell(Record):
    owner: Node | None
    n: Range(0, 3)
    flag: bool
    lock: Spinlock


class Top(State):
    cell: Array[Node, Cell]
    other: Array[Slot, Cell]
    first: Node
    maybe_first: Node | None
    slot: Slot
    level: Level
    colour: Colour
    word: Word
    nodes: Set[Node]
    content: Content
    n: Range(0, 3)
    flag: bool
    mutex: Lock
    spin: Spinlock


@dataclass(frozen=True)
class Switches(Design):
    rechecks: bool = True


design = bound(Switches)


def helper_with_yield(s: Top, cpu: Cpu):
    s.flag = True
    yield "helped"


def helper_without_yield(s: Top):
    s.flag = True


@rule
def r(s: Top, n: Node, m: Node, p: Slot):
    s.flag = not s.flag


@operation
def op(s: Top, cpu: Cpu, n: Node):
    s.flag = True
    yield "half"
    s.flag = False


@invariant
def fine(s: Top):
    return True


'''

AFTER = '''

spec = Spec(
    why="One refusal.",
    model=Model(state=Top, rules=[r], operations={Cpu: [op]}),
    scope=Scope("tiny", sizes={Node: 2, Slot: 2, Level: 2, Cpu: 2}),
    design=Switches(),
    promises=[fine],
)
'''


def in_rule(body):
    return "@rule\ndef r(s: Top, n: Node, m: Node, p: Slot):\n" + indent(dedent(body).strip("\n"), "    ")


def in_operation(body):
    return "@operation\ndef op(s: Top, cpu: Cpu, n: Node):\n" + indent(dedent(body).strip("\n"), "    ")


def in_promise(body):
    return "@invariant\ndef fine(s: Top):\n" + indent(dedent(body).strip("\n"), "    ")


# name: (source, what the message says of the construct, what it says of the way out)
REFUSED = {
    # ------------------------------------------------------------------ statements
    "try": (in_rule("""
        try:                                                 # here
            s.flag = True
        except ValueError:
            pass
        """), "try", "return"),
    "raise": (in_rule("""
        if s.flag:
            raise ValueError("no")                           # here
        """), "raise", "assert|return"),
    "with something else": (in_rule("""
        with open("file") as f:                              # here
            s.flag = True
        """), "with", r"hold\("),
    "global": (in_rule("""
        global counter                                       # here
        counter = 1
        """), "global", "state"),
    "nonlocal": (dedent("""
        def maker():
            count = 0

            @rule
            def r(s: Top, n: Node):
                nonlocal count                               # here
                count = 1

            return r


        r = maker()
        """), "nonlocal", "state"),
    "delete": (in_rule("""
        del s.flag                                           # here
        """), "del", "None|assign"),
    "match": (in_rule("""
        match s.colour:                                      # here
            case Colour.RED:
                s.flag = True
        """), "match", "if"),
    "nested function": (in_rule("""
        def inner():                                         # here
            return True
        s.flag = inner()
        """), "def|function", "module|outside|helper"),
    "nested class": (in_rule("""
        class Inner:                                         # here
            pass
        """), "class", "module|outside|Record|annotation"),
    "import inside a function": (in_rule("""
        import math                                          # here
        s.flag = True
        """), "import", "top|module|file"),
    "async": (dedent("""
        @operation
        async def op(s: Top, cpu: Cpu, n: Node):             # here
            s.flag = True
        """), "async", "yield"),
    "for with else": (in_rule("""
        for k in range(2):                                   # here
            s.n = k
        else:
            s.n = 3
        """), "else", "flag|if|after|behind|without"),
    "while with else": (in_operation("""
        while s.flag:                                        # here
            yield "waiting"
        else:
            s.n = 3
        """), "else", "flag|if|after|behind|without"),
    "starred assignment": (in_rule("""
        first, *rest = 1, 2, 3                               # here
        s.n = first
        """), "star|assign|unpack|tuple", "one|each|name|plain"),
    # ----------------------------------------------------------------- expressions
    "lambda elsewhere": (in_rule("""
        f = lambda x: x                                      # here
        s.flag = f(True)
        """), "lambda", "choose|helper|def"),
    "list": (in_rule("""
        xs = [1, 2]                                          # here
        s.n = 1
        """), "list", "Array|Set|tuple|set"),
    "list comprehension": (in_rule("""
        s.n = len([k for k in Node if s.cell[k].flag])       # here
        """), "comprehension", r"sum\(|generator|all|any"),
    "dict": (in_rule("""
        d = {n: True}                                        # here
        s.flag = True
        """), "dict", "Array"),
    "dict comprehension": (in_rule("""
        d = {k: True for k in Node}                          # here
        s.flag = True
        """), "dict", "Array|all|any"),
    "set comprehension": (in_rule("""
        s.nodes = {k for k in Node}                          # here
        """), "comprehension", "for|loop"),
    "f-string": (in_rule("""
        x = f"node {n}"                                      # here
        s.flag = True
        """), "f-string|format|string|text", "enum|Enum|literal|docstring"),
    "text as a value": (in_rule("""
        x = "hello"                                          # here
        s.flag = x == "hello"
        """), "text|string|str", "enum|Enum"),
    "fraction": (in_rule("""
        s.n = 1.5                                            # here
        """), "float|1.5|fraction", "Range|whole|int"),
    "true division": (in_rule("""
        s.n = s.n / 2                                        # here
        """), "/|division|Div", "//"),
    "power": (in_rule("""
        s.n = s.n ** 2                                       # here
        """), r"\*\*|Pow|power", r"\*"),
    "walrus": (in_rule("""
        if (k := s.n) > 1:                                   # here
            s.n = k
        """), ":=|walrus", "line|before|assign|statement"),
    "slice": (in_rule("""
        x = s.cell[0:1]                                      # here
        s.flag = True
        """), "slice|:", "for|loop|index|one"),
    "await": (dedent("""
        @operation
        async def op(s: Top, cpu: Cpu, n: Node):             # here
            await n
        """), "async", "yield"),
    "is with a value": (in_rule("""
        require(s.first is n)                                # here
        s.flag = True
        """), "is", "=="),
    "is not with an enum": (in_rule("""
        require(s.colour is not Colour.RED)                  # here
        s.flag = True
        """), "is", "!="),
    "star arguments": (in_rule("""
        s.flag = max(*Node)                                  # here
        """), r"\*|star", "one|each|by one|plain|name"),
    "unknown function": (in_rule("""
        s.flag = sorted(Node)                                # here
        """), "sorted", "helper|language|supported|choose"),
    "print": (in_rule("""
        print(s.n)                                           # here
        s.flag = True
        """), "print", "helper|language|yield|pdb|drop"),
    "method": (in_rule("""
        s.nodes.add(n)                                       # here
        """), "add", r"\|="),
    # ------------------------------------------------------------------- functions
    "recursion": (dedent("""
        def again(s: Top, k):
            if s.flag:
                again(s, k)                                  # here


        @rule
        def r(s: Top, n: Node):
            again(s, n)
        """), "recurs|again", "loop|while|for"),
    "mutual recursion": (dedent("""
        def ping(s: Top, k):
            pong(s, k)


        def pong(s: Top, k):
            ping(s, k)                                       # here


        @rule
        def r(s: Top, n: Node):
            ping(s, n)
        """), "recurs|ping", "loop|while|for"),
    "helper with star args": (dedent("""
        def many(s: Top, *nodes):                            # here|call
            s.flag = True


        @rule
        def r(s: Top, n: Node):
            many(s, n)                                       # call
        """), r"\*nodes|star|\*", "name|each|parameter"),
    "rule with star args": (dedent("""
        @rule
        def r(s: Top, *nodes):                               # here
            s.flag = True
        """), r"\*nodes|star|\*", "name|each|parameter"),
    "rule with a default": (dedent("""
        @rule
        def r(s: Top, n: Node = None):                       # here
            s.flag = True
        """), "default", "sort|every|without|drop"),
    "mutable default": (dedent("""
        def collect(s: Top, into=[]):                        # here|call
            s.flag = True


        @rule
        def r(s: Top, n: Node):
            collect(s)                                       # call
        """), r"default|list|\[\]", "parameter|pass|Array|Set|None"),
    "parameter without a sort": (dedent("""
        @rule
        def r(s: Top, n):                                    # here
            s.flag = True
        """), r"\bn\b", "annot|sort|: "),
    "decorator missing on a rule": (dedent("""
        def r(s: Top, n: Node):                              # here
            s.flag = True
        """), r"\br\b", "@rule"),
    "decorator missing on an operation": (dedent("""
        def op(s: Top, cpu: Cpu, n: Node):                   # here
            s.flag = True
        """), r"\bop\b", "@operation"),
    "decorator missing on a promise": (dedent("""
        def fine(s: Top):                                    # here
            return True
        """), r"\bfine\b", "@invariant"),
    "a rule that yields": (in_rule("""
        s.flag = True
        yield "half"                                         # here
        """), "yield", "@operation|operation"),
    "a promise that writes": (in_promise("""
        s.flag = True                                        # here
        return True
        """), "promise|write|chang|assign", "rule|read"),
    "a promise that requires": (in_promise("""
        require(s.flag)                                      # here
        return True
        """), "require", "rule|operation|return|if"),
    "a promise without a result": (in_promise("""
        s.flag == True                                       # here
        """), "promise|value|result|nothing|bool|comparison|statement", "return|assign"),
    # ---------------------------------------------------------------------- yields
    "yield from forgotten": (in_operation("""
        helper_with_yield(s, cpu)                            # here
        yield "half"
        """), "helper_with_yield", "yield from"),
    "yield from too much": (in_operation("""
        yield from helper_without_yield(s)                   # here
        yield "half"
        """), "helper_without_yield", "without|no yield|plain|drop"),
    "yield inside hold": (in_operation("""
        with hold(s.spin):
            s.flag = True
            yield "half"                                     # here
        """), "yield", "hold|acquire|Lock"),
    "a helper that yields inside hold": (in_operation("""
        with hold(s.spin):
            yield from helper_with_yield(s, cpu)             # here|helped
        """), "yield", "hold|acquire|Lock"),
    "two holds in one step": (in_operation("""
        with hold(s.spin):
            s.flag = True
        with hold(s.cell[n].lock):                           # here
            s.flag = False
        yield "half"
        """), "hold|lock region|region", "yield"),
    "yield text that is no literal": (in_operation("""
        text = n
        yield text                                           # here
        """), "yield", "literal|text"),
    "yield text that is an f-string": (in_operation("""
        yield f"node {n}"                                    # here
        """), "yield", "literal|text"),
    "yield of nothing": (in_operation("""
        yield                                                # here
        s.flag = False
        """), "yield", "text|says|literal"),
    "yield text repeated": (in_operation("""
        yield "half"
        s.flag = True
        yield "half"                                         # here
        s.flag = False
        """), "half", "different|unique|once|another|twice"),
    "value of a yield": (in_operation("""
        x = yield "half"                                     # here
        s.flag = False
        """), "yield", "statement|value|line|alone|nothing"),
    "while without yield": (in_operation("""
        while s.flag:                                        # here
            s.n = 1
        yield "half"
        """), "while|turn", "yield"),
    "while that yields on one branch only": (in_operation("""
        while s.flag:                                        # here
            if s.n == 1:
                yield "one"
        s.flag = True
        """), "while|turn", "yield"),
    "a loop with yields over what may change": (in_operation("""
        for k in range(s.n):                                 # here
            yield "turn"
        """), "loop", "constant"),
    "a loop with yields over a symmetric sort": (in_operation("""
        for k in Node:                                       # here|turn
            yield "turn"                                     # turn
        """), "symmetric", "choose"),
    "a number without bound across a yield": (in_operation("""
        tries = 0
        while s.flag:
            tries += 1
            yield "tried"                                    # here|use
            s.n = min(tries, 3)                              # use
        """), "tries", "Range"),
    "contents across a yield": (in_operation("""
        seen = s.content
        yield "seen"                                         # here|use
        s.flag = seen == s.content                           # use
        """), "seen", "state"),
    "a loop variable behind its loop": (in_rule("""
        for k in range(3):
            s.flag = True
        s.n = k                                              # here
        """), r"\bk\b", "before assignment|behind"),
    # ----------------------------------------------------------------------- sorts
    "comparing across sorts": (in_rule("""
        require(n == p)                                      # here
        s.flag = True
        """), "Node.*Slot|Slot.*Node", "compar|same sort"),
    "comparing a sort with a number": (in_rule("""
        require(n == 0)                                      # here
        s.flag = True
        """), "Node", "compar|int|number"),
    "ordering a symmetric sort": (in_rule("""
        require(n < m)                                       # here
        s.flag = True
        """), "Node", "ordered"),
    "number of a symmetric object": (in_rule("""
        s.n = int(n)                                         # here
        """), "Node", "ordered"),
    "a symmetric object by number": (in_rule("""
        s.first = Node(0)                                    # here
        """), "Node", "ordered|choose"),
    "an actor by number": (in_rule("""
        s.flag = any(holds(c, s.mutex) for c in Cpu if c == Cpu(0))   # here
        """), "Cpu", "ordered|choose"),
    "arithmetic on a sort": (in_rule("""
        s.level = s.level + 1                                # here
        """), "Level", r"int\("),
    "an ordered sort by places": (in_rule("""
        s.n = place(s.level)                                 # here
        """), "Level", "symmetric"),
    "a place of a number": (in_rule("""
        s.n = place(1)                                       # here
        """), "place", "symmetric"),
    "the block of an object": (in_rule("""
        s.n = block(n)                                       # here
        """), "block", "takes a sort"),
    "an object so many objects further": (in_rule("""
        s.first = n + m                                      # here
        """), "Node", "number of places"),
    "an object times something": (in_rule("""
        s.first = n * 1                                      # here
        """), "Node", "number"),
    "indexing by the wrong sort": (in_rule("""
        s.cell[p].flag = True                                # here
        """), "Slot", "indexed by Node|by Node|Node"),
    "indexing by a number": (in_rule("""
        s.cell[0].flag = True                                # here
        """), "Node", "index"),
    "optional used as condition": (in_rule("""
        if s.maybe_first:                                    # here
            s.flag = True
        """), r"Node \| None|bool", "is not None"),
    "object used as condition": (in_rule("""
        require(not n)                                       # here
        s.flag = True
        """), "Node|bool", "bool|compar|condition"),
    "number used as condition": (in_rule("""
        if s.n:                                              # here
            s.flag = True
        """), "bool|condition", "> 0|!= 0|== 0|compar"),
    "set used as condition": (in_rule("""
        if s.nodes:                                          # here
            s.flag = True
        """), "bool|condition|Set", r"len\("),
    "lock used as condition": (in_rule("""
        if s.mutex:                                          # here
            s.flag = True
        """), "Lock|lock|bool|condition", r"locked\("),
    "and of numbers": (in_rule("""
        s.n = s.n or 1                                       # here
        """), "bool|condition|or", "if|> 0|!= 0|compar"),
    "None to a plain index": (in_rule("""
        s.first = None                                       # here
        """), "None", r"Node|\| None"),
    "a constant outside its range": (in_rule("""
        s.n = 7                                              # here
        """), "7", r"Range\(0, 3\)"),
    "a value of another sort": (in_rule("""
        s.first = p                                          # here
        """), "Slot", "Node"),
    "a bool as number": (in_rule("""
        s.n = s.flag                                         # here
        """), "bool", "if|int|Range"),
    "a local of two types": (in_rule("""
        x = n
        if s.flag:
            x = True                                         # here
        s.flag = x == n
        """), r"\bx\b", "Node.*bool|bool.*Node"),
    "unassigned local": (in_rule("""
        if s.flag:
            x = n
        s.first = x                                          # here
        """), r"\bx\b", "before assignment"),
    "unassigned local after a loop": (in_rule("""
        for k in range(s.n):
            x = k
        s.n = x                                              # here
        """), r"\bx\b", "before assignment"),
    "unknown name": (in_rule("""
        s.flag = missing                                     # here
        """), "missing", "known|defined|import|name"),
    "unknown field": (in_rule("""
        s.flga = True                                        # here
        """), "flga", "flag|Top"),
    "unknown field of a record": (in_rule("""
        s.cell[n].ownr = m                                   # here
        """), "ownr", "owner|Cell"),
    "unknown field of a new record": (in_rule("""
        s.cell[n] = Cell(ownr=m)                             # here
        """), "ownr", "owner|Cell"),
    "unknown member": (in_rule("""
        s.colour = Colour.BLUE                               # here
        """), "BLUE", "RED|Colour"),
    "unknown case": (in_rule("""
        s.word = Word.ZSWAP                                  # here
        """), "ZSWAP", "PHYS|Word"),
    "case without its payload": (in_rule("""
        s.word = Word.PHYS                                   # here
        """), "PHYS", r"PHYS\(|payload|slot"),
    "unknown payload": (in_rule("""
        s.slot = s.word.entry                                # here
        """), "entry", "slot|Word"),
    "unknown design switch": (in_rule("""
        if design.recheks:                                   # here
            s.flag = True
        """), "recheks", "rechecks|Switches"),
    "rebinding a record name to another array": (in_rule("""
        place = s.cell[n]
        if s.flag:
            place = s.other[p]                               # here
        place.flag = True
        """), "place", "one array|same array|record of one"),
    "comparing records": (in_rule("""
        require(s.cell[n] == s.cell[m])                      # here
        s.flag = True
        """), "Cell|record", "field"),
    "a whole array": (in_rule("""
        s.cell = s.cell                                      # here
        """), "array|Array", "element|for|loop"),
    "assigning a parameter of the state": (in_rule("""
        s = n                                                # here
        """), r"\bs\b", "state|name|place|assign|one"),
    "a lock assigned": (in_rule("""
        s.mutex = True                                       # here
        """), "lock|Lock", r"acquire|release"),
    "a spinlock acquired": (in_operation("""
        acquire(s.spin)                                      # here
        yield "half"
        """), "Spinlock|spin|Lock", "hold|Lock"),
    "a lock waited for in a region": (in_operation("""
        with hold(s.spin):
            acquire(s.mutex)                                 # here
        yield "half"
        """), "acquire", "trylock|before"),
    "a lock acquired by a rule": (in_rule("""
        acquire(s.mutex)                                     # here
        """), "acquire|rule", "operation|actor"),
    "a place chosen by a condition": (in_rule("""
        cell = s.cell[n] if s.flag else s.cell[m]            # here
        cell.flag = True
        """), "place", "field"),
    "a place returned": (dedent("""
        def pick(s: Top, n: Node):
            return s.cell[n]                                 # here


        @rule
        def r(s: Top, n: Node):
            pick(s, n).flag = True
        """), "place", "index"),
    "two targets": (in_rule("""
        s.n = s.level = 3                                    # here
        """), "target", "two"),
    "an annotated local": (in_rule("""
        k: Range(0, 3) = s.n                                 # here
        s.n = k
        """), "annotation|annotated", "leave|without"),
    "range as a set": (in_rule("""
        require(s.n in range(1, 3))                          # here
        s.flag = True
        """), "range", "for|<="),
    "index of a module's tuple": (in_rule("""
        s.n = (1, 2)[0]                                      # here
        """), "index", "array"),
    "a helper without a result": (in_rule("""
        s.flag = helper_without_yield(s)                     # here
        """), "None", "bool"),
    "at in a rule": (in_rule("""
        require(not at(op, "half"))                          # here
        s.flag = True
        """), "at", "promise"),
    "yield from inside an expression": (in_operation("""
        if (yield from helper_with_yield(s, cpu)) is None:   # here
            s.flag = True
        """), "yield from", "statement|assignment"),
    "contents as a parameter": (dedent("""
        @rule
        def r(s: Top, c: Content):                           # here
            s.content = c
        """), r"\bc\b", "sort|enum"),
    "a choice of contents": (in_rule("""
        s.content = choose(Content)                          # here
        """), "Content", "sort|Set|fresh"),
    "an operation of another role": (dedent("""
        @operation
        def op(s: Top, n: Node):                             # here
            s.flag = True
        """), "Cpu", "Node"),
    "a promise of two states": (dedent("""
        @invariant
        def fine(s: Top, n: Node):                           # here
            return True
        """), "fine", "all|step_invariant"),
    # ----------------------------------------------------------------------- order
    "break in a loop over a symmetric sort": (in_rule("""
        for k in Node:                                       # here|break
            if s.cell[k].flag:
                s.cell[k].flag = False
                break                                        # break
        """), "order|break|symmetric", "choose"),
    "return in a loop over a symmetric sort": (dedent("""
        def first_free(s: Top):
            for k in Node:                                   # here|return
                if not s.cell[k].flag:
                    return k                                 # return
            return None


        @rule
        def r(s: Top, n: Node):
            s.maybe_first = first_free(s)
        """), "order|return|symmetric", "choose"),
    "last writer in a loop over a symmetric sort": (in_rule("""
        for k in Node:                                       # here|write
            if s.cell[k].flag:
                s.first = k                                  # write
        """), "order|last|symmetric", "choose"),
    "last written local in a loop over a symmetric sort": (in_rule("""
        found = m
        for k in Node:                                       # here|write
            if s.cell[k].flag:
                found = k                                    # write
        s.first = found
        """), "order|last|symmetric|found", "choose"),
    "two constants in a loop over a symmetric sort": (in_rule("""
        for k in Node:
            if s.cell[k].flag:
                s.n = 1
            else:
                s.n = 2                                      # here
        """), "order|last|symmetric|n", "choose"),
    "two constants for a local in a loop over a symmetric sort": (in_rule("""
        found = 0
        for k in Node:
            if s.cell[k].flag:
                found = 1
            else:
                found = 2                                    # here
        s.n = found
        """), "order|last|symmetric|found", "choose"),
    "one object's field for all and for its own in a loop over a symmetric sort": (in_rule("""
        for k in Node:
            s.cell[m].n = 1
            s.cell[k].n = 2                                  # here
        """), "order|last|symmetric|n", "choose"),
    "two ways to add up in a loop over a symmetric sort": (in_rule("""
        found = 0
        for k in Node:
            if s.cell[k].flag:
                found = found + 1
            else:
                found = max(found, 2)                        # here
        s.n = found
        """), "order|last|symmetric|found", "choose"),
    "break in a loop over a set": (in_rule("""
        for k in s.nodes:                                    # here|break
            s.cell[k].flag = False
            break                                            # break
        """), "order|break|symmetric", "choose"),
    # ---------------------------------------------------------- choices, contents
    "choose on no domain": (in_rule("""
        s.n = choose(s.n)                                    # here
        """), "choose", "sort|range|enum|set"),
    "where that is no lambda": (in_rule("""
        s.first = choose(Node, where=True)                   # here
        """), "where", "lambda"),
    "a choice in a condition of a choice": (in_rule("""
        s.level = choose(Level, where=lambda k: maybe("it fails"))   # here
        """), "where=", "statement of its own"),
    "a change in a condition of a choice": (dedent("""
        def take(s: Top, k: Level):
            s.flag = True
            return int(k) == 1


        @rule
        def r(s: Top, n: Node):
            s.level = choose(Level, where=lambda k: take(s, k))   # here
        """), "where=", "statement of its own"),
    "a change in a generator": (dedent("""
        def take(s: Top, k: Node):
            s.cell[k].flag = True
            return True


        @rule
        def r(s: Top, n: Node):
            s.flag = any(take(s, k) for k in Node)           # here
        """), "generator", "statement of its own"),
    "a default that has to be worked out": (in_rule("""
        s.n = min((int(k) for k in Level), default=s.n // s.n)   # here
        """), "default=", "name|number"),
    "maybe without a literal": (in_rule("""
        if maybe(n):                                         # here
            s.flag = True
        """), "maybe", "literal|text"),
    "fresh not written straight into a field": (in_rule("""
        x = fresh(Content)                                   # here
        s.content = x
        """), "fresh", "field"),
    "fresh of another sort": (in_rule("""
        s.content = fresh(Node)                              # here
        """), "fresh|Node", "Data"),
    "contents with a number": (in_rule("""
        s.content = Content(0)                               # here
        """), "Content", "fresh"),
    "contents as an index": (in_rule("""
        s.cell[s.content].flag = True                        # here
        """), "Content", "Node"),
    "assert without a text": (in_rule("""
        assert s.flag                                        # here
        """), "assert", "text"),
    "assert with a made-up text": (in_rule("""
        assert s.flag, f"node {n}"                           # here
        """), "assert", "literal|text"),
    "at with an unknown label": (in_promise("""
        return not at(op, "hlaf")                            # here
        """), "hlaf", "half"),
    "at with an unknown local": (in_promise("""
        return not at(op, "half", nn=s.first)                # here
        """), r"\bnn\b", r"local|\bn\b|live"),
    "at anywhere with an unknown local": (in_promise("""
        return not at(op, nn=s.first)                        # here
        """), r"\bnn\b", r"local|\bn\b|live"),
    "at with something else": (in_promise("""
        return not at(r, "half")                             # here
        """), r"\br\b|at", "operation|yield"),
}


def write_model(tmp_path, source):
    """A whole model file in which this piece replaces what has its name; and its marked lines."""
    path = tmp_path / "refused_model.py"
    path.write_text(BEFORE + source + AFTER)
    lines = path.read_text().splitlines()
    here = next(line for line in lines if "# here" in line)
    marks = [mark for mark in here.partition("# here|")[2].split("|") if mark]
    wanted = {k for k, line in enumerate(lines, 1) if "# here" in line or any(line.endswith(f"# {m}") for m in marks)}
    if "helped" in marks:
        wanted |= {k for k, line in enumerate(lines, 1) if '"helped"' in line}
    return path, wanted


@pytest.mark.parametrize("name", REFUSED)
def test_refused_with_its_place_and_a_way_out(tmp_path, name):
    source, construct, instead = REFUSED[name]
    path, lines = write_model(tmp_path, source)
    with pytest.raises(LanguageError) as refusal:
        build(load_specs(path)["spec"])
    text = str(refusal.value)
    place = re.match(r"(?P<file>[^:]*refused_model\.py):(?P<line>\d+): (?P<said>.+)", text)
    assert place, text
    assert int(place["line"]) in lines, text
    said = place["said"]
    assert re.search(construct, said), f"does not name the construct: {text}"
    assert re.search(instead, said), f"does not say what to write instead: {text}"
    assert "\n" not in text
    assert len(said) < 260, f"not one sentence: {text}"


def test_what_surrounds_the_refusals_is_accepted(tmp_path):
    """Otherwise a refusal could be about the wrong thing."""
    path = tmp_path / "accepted_model.py"
    path.write_text(BEFORE + AFTER)
    system = build(load_specs(path)["spec"])
    assert [rule.name for rule in system.rules] == ["r"]
    assert [operation.name for operation in system.roles[0].operations] == ["op"]


def replaced(old, new):
    """The surroundings, changed in one place."""
    whole = BEFORE + AFTER
    assert whole.count(old) == 1
    return whole.replace(old, new)


def with_n(annotation):
    """The surroundings, with another field n in the state."""
    rest = "\n    flag: bool\n    mutex"
    return replaced("    n: Range(0, 3)" + rest, f"    n: {annotation}" + rest)


ANOTHER_R = """
first = r


@rule
def r(s: Top):
    s.n = 1
"""

# Mistakes around the rules: in classes, scopes and specs.
AROUND = {
    "a state that is no State": (replaced("class Top(State):", "class Top:"), "Top", "State"),
    "a field of no type": (with_n("int"), r"Top\.n", "Range"),
    "a field of a range without end": (with_n("Range(3, 0)"), "Range", "empty"),
    "a field that is text": (replaced("    first: Node\n", "    first: str\n"), "first", "Enum|sort"),
    "an array of numbers": (replaced("cell: Array[Node, Cell]", "cell: Array[3, Cell]"), "cell", "sort"),
    "a set of numbers": (replaced("Set[Node]", "Set[Range(0, 3)]"), "nodes|Set", "sort|enum"),
    "an optional bool": (replaced("Node | None\n    slot", "bool | None\n    slot"), "maybe_first", "Union|sort"),
    "a size that is missing": (replaced("sizes={Node: 2, Slot: 2, ", "sizes={Node: 2, "), "Slot", "size"),
    "blocks that do not fill the sort": (replaced("Cpu: 2})", "Cpu: 2}, blocks={Node: 3})"), "Node", "multiple"),
    "a neighbour that a loop over a symmetric sort writes": (
        replaced("Cpu: 2})", "Cpu: 2}, blocks={Node: 2})").replace(
            "    s.flag = not s.flag", "    for k in Node:\n        s.cell[k - place(k)].n = s.cell[k].n"),
        "other objects", "choose"),
    "blocks of nothing": (replaced("Cpu: 2})", "Cpu: 2}, blocks={Node: 0})"), "Node", "multiple"),
    "blocks of an ordered sort": (replaced("Cpu: 2})", "Cpu: 2}, blocks={Level: 2})"), "Level", "symmetric"),
    "blocks of actors": (replaced("Cpu: 2})", "Cpu: 2}, blocks={Cpu: 2})"), "Cpu", "symmetric"),
    "blocks of a sort without a size": (replaced("Cpu: 2})", "Cpu: 2}, blocks={Content: 2})"), "Content", "size"),
    "a size of zero": (replaced("sizes={Node: 2", "sizes={Node: 0"), "Node", "at least"),
    "a role without a size": (replaced(", Cpu: 2})", "})"), "Cpu", "size"),
    "a role that is no actor": (replaced("class Cpu(Actor)", "class Cpu(Index)"), "Cpu", "Actor"),
    "an operation that is not in the model": (
        replaced("Cpu: 2})", "Cpu: 2}, operations={Cpu: [helper_with_yield]})"),
        "helper_with_yield",
        "model",
    ),
    "a failure that nothing has": (replaced("Cpu: 2})", 'Cpu: 2}, failures=["typo"])'), "typo", "maybe"),
    "a start that fails": (
        replaced("    promises=[fine],", "    promises=[fine],\n    start=[begin],").replace(
            "@invariant", "def begin(s: Top):\n    s.n = 4\n\n\n@invariant"
        ),
        "begin",
        r"Range\(0, 3\)",
    ),
    "an assert that is called like a promise": (
        replaced('yield "half"\n    s.flag = False', 'yield "half"\n    assert s.flag, "fine"'),
        "fine",
        "rename",
    ),
    "a promise twice": (replaced("promises=[fine]", "promises=[fine, fine]"), "fine", "two|twice"),
    "two rules of one name": (
        replaced("rules=[r]", "rules=[first, r]").replace("@operation", ANOTHER_R + "\n\n\n@operation"),
        r"\br\b",
        "two|twice",
    ),
    "no rules at all": (replaced("rules=[r], operations={Cpu: [op]}", "rules=[]"), "rule", "operation|nothing"),
    "a design that is missing": (
        replaced("    design=Switches(),\n", "").replace("not s.flag", "design.rechecks"),
        "Switches",
        "spec|design",
    ),
    "an expectation of nothing": (
        replaced("    promises=[fine],", '    promises=[fine],\n    expected={"fien": broken()},'),
        "fien",
        "fine|promise",
    ),
}


@pytest.mark.parametrize("name", AROUND)
def test_mistakes_around_the_rules_are_one_clear_sentence(tmp_path, name):
    source, what, instead = AROUND[name]
    path = tmp_path / "around_model.py"
    path.write_text(source)
    with pytest.raises((LanguageError, UsageError)) as refusal:
        build(load_specs(path)["spec"])
    text = str(refusal.value)
    assert re.search(what, text), text
    assert re.search(instead, text), text
    assert "\n" not in text
