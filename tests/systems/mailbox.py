# SPDX-License-Identifier: GPL-2.0-or-later
"""A mailbox of one letter, in which questions and answers travel."""

from enum import Enum

from checker.language import *


class Client(Actor):
    """Asks, and waits for the answer."""


class Answer(Enum):
    YES = "yes"
    NO = "no"


class Letter(Union):
    """What lies in the mailbox."""

    NOTHING = case()
    QUESTION = case(sender=Client)
    REPLY = case(receiver=Client, answer=Answer)


class Office(State):
    mailbox: Letter
    last: Array[Client, Answer | None]


@operation
def ask(s: Office, client: Client):
    """Post a question, take the answer."""
    require(s.mailbox == Letter.NOTHING)
    s.mailbox = Letter.QUESTION(client)
    yield "asked"
    require(s.mailbox.tag == Letter.REPLY and s.mailbox.receiver == client)
    s.last[client] = s.mailbox.answer
    s.mailbox = Letter.NOTHING


@rule
def reply(s: Office, answer: Answer):
    """The office answers whoever has asked."""
    require(s.mailbox.tag == Letter.QUESTION)
    s.mailbox = Letter.REPLY(s.mailbox.sender, answer)


@invariant
def a_letter_belongs_to_somebody_who_waits(s: Office):
    """Question and answer both have a client who stands at the mailbox."""
    if s.mailbox.tag == Letter.QUESTION:
        return at(ask, "asked", actor=s.mailbox.sender)
    if s.mailbox.tag == Letter.REPLY:
        return at(ask, "asked", actor=s.mailbox.receiver)
    return not at(ask)


@reachable
def all_heard_no(s: Office):
    """Every client can get the same answer."""
    return all(s.last[c] == Answer.NO for c in Client)


MODEL = Model(state=Office, rules=[reply], operations={Client: [ask]})

two_clients = Spec(
    why="An answer must never reach somebody who did not ask.",
    model=MODEL,
    scope=Scope("two clients", sizes={Client: 2}),
    promises=[a_letter_belongs_to_somebody_who_waits, all_heard_no],
)
