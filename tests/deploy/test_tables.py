"""Tables on terminals of any width: no amount is cut, no word broken, no id spread over lines."""

from __future__ import annotations

import io

import pytest
from rich.console import Console
from rich.table import Table

from deploy.tables import Fitting

ID = "dea_01hq3z5k7m9p1r3t5v7x9z1b3d"


def printed(width: int, *, show_footer: bool = False) -> list[str]:
    """A table of an id, a text and an amount on a console so wide, its lines with single blanks."""
    table = Table(show_footer=show_footer, title="Deals")
    table.add_column("成交\ndeal", no_wrap=True, footer="sum")
    table.add_column("why\nso")
    table.add_column("fen", justify="right", no_wrap=True, footer="1,222,777")
    table.add_row(ID, "settled as reported", "1,222,777")
    table.add_row("", "corrected", "0")
    console = Console(file=io.StringIO(), width=width)
    console.print(Fitting(table))
    assert isinstance(console.file, io.StringIO)
    return [" ".join(line.replace("│", " ").replace("┃", " ").split()) for line in console.file.getvalue().splitlines()]


def test_where_there_is_room_it_is_a_table() -> None:
    assert f"{ID} settled as reported 1,222,777" in printed(80)


@pytest.mark.parametrize("width", range(58, 75))
def test_where_there_is_little_room_texts_are_wrapped_and_words_and_numbers_left_whole(width: int) -> None:
    lines = printed(width)
    assert any(line.startswith(ID) and line.endswith("1,222,777") for line in lines), lines
    assert {"settled", "as", "reported"} <= {word for line in lines for word in line.split()}


@pytest.mark.parametrize("width", [57, 42])
def test_where_there_is_none_rows_stand_below_one_another_with_each_cell_beside_its_heading(width: int) -> None:
    assert printed(width, show_footer=True) == [
        "Deals", "",
        f"成交 deal {ID}", "why so settled as reported", "fen 1,222,777",
        "why so corrected", "fen 0", "",
        "成交 deal sum", "fen 1,222,777", "",
    ]  # fmt: skip
