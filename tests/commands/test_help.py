"""`--help` is for readers of Japanese and of English."""

from __future__ import annotations

import re
from collections.abc import Iterator

import click
import pytest

from soramichi.__main__ import cli

JAPANESE = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")
ENGLISH = re.compile(r"[A-Za-z]{2}")
# What is left of a line of 80 characters beside the longest name in a list of commands.
LIST_WIDTH = 66


def every_command(
    group: click.Group, path: str = "soramichi"
) -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield f"{path} {name}", command
        if isinstance(command, click.Group):
            yield from every_command(command, f"{path} {name}")


def in_both(text: str) -> bool:
    return bool(JAPANESE.search(text) and ENGLISH.search(text))


@pytest.mark.parametrize(
    "command", [pytest.param(command, id=path) for path, command in every_command(cli)]
)
def test_a_command_and_its_options_are_explained_in_both_languages(command: click.Command) -> None:
    listed = command.get_short_help_str(LIST_WIDTH)
    options = [one for one in command.params if isinstance(one, click.Option)]

    assert in_both(listed), listed
    assert not listed.endswith("...")
    assert [one.opts for one in options if not in_both(one.help or "")] == []


def test_one_language_alone_is_found_out() -> None:
    assert not in_both("Ground speed in m/s.")
    assert not in_both("対地速度")
    assert in_both("Ground speed. 対地速度")
