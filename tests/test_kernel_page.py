# SPDX-License-Identifier: GPL-2.0-or-later
"""docs/kernel.md: each thing that the kernel does has its rules."""

from __future__ import annotations

import pytest
from page_kernel import HOME, OPERATIONS, mirrored, page, rows, who_runs


def test_the_page_is_what_the_model_says() -> None:
    assert (HOME / "docs" / "kernel.md").read_text() == page(), "run make docs"


@pytest.mark.parametrize("title", OPERATIONS)
def test_every_function_of_an_operation_is_mirrored_and_run(title: str) -> None:
    for function in OPERATIONS[title]:
        assert mirrored().get(function), f"no Mirrors line names {function}()"
    for of, function, module, rules, _ in rows():
        if of == title:
            assert rules, f"no rule runs {function}() of model/{module}.py"


def test_who_runs_a_function_is_read_from_the_calls() -> None:
    assert who_runs("zswap", "zswap_store") == ["shrink_folio_list"]
    assert "do_swap_page" in who_runs("zswap", "zswap_load")
    assert who_runs("swapoff") == ["swapoff"]
