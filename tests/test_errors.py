"""How an entry point ends."""

from __future__ import annotations

import pytest

from soramichi.errors import BadInput, NotFound, Unavailable, carry_out


@pytest.mark.parametrize(
    ("error", "code"),
    [(NotFound("none"), 1), (BadInput("bad"), 2), (Unavailable("away"), 3), (ValueError("?"), 3)],
)
def test_every_error_has_its_exit_code_and_an_unexpected_one_is_no_no(
    error: Exception, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise error

    with pytest.raises(SystemExit) as ended:
        carry_out(fail)

    told = capsys.readouterr().err
    assert ended.value.code == code
    assert str(error) in told
    assert ("Traceback" in told) == isinstance(error, ValueError)


def test_what_an_entry_point_returns_is_its_exit_code() -> None:
    with pytest.raises(SystemExit) as ended:
        carry_out(lambda: 2)

    assert ended.value.code == 2
