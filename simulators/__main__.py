"""`python -m simulators` is `soramichi simulate`."""

from __future__ import annotations

from soramichi.commands.simulate import command
from soramichi.errors import carry_out

if __name__ == "__main__":
    carry_out(command)
