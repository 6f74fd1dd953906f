"""`soramichi bridge`, which is also `python -m soramichi.bridge` where only paho is installed."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import json
import logging
import os
import select
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

from soramichi.bridge.line import BrokerAddress
from soramichi.bridge.outstanding import Outstanding, outstanding
from soramichi.bridge.sample import MAX_SAMPLE_BYTES, identifier, parse
from soramichi.bridge.sender import Bridge
from soramichi.bridge.spool import DEFAULT_KEEP_S, DEFAULT_MAX_BYTES
from soramichi.bridge.spool_file import read_only, set_aside
from soramichi.errors import BadInput, BadSettings, SoramichiError, SpoolFull, carry_out

DONE, LEFT, BAD_INPUT = 0, 1, 2
STEP_S = 0.25


class Stop:
    """Turns SIGTERM and SIGINT into something that `select` sees, so nothing is torn midway."""

    def __init__(self) -> None:
        self.asked = False
        self.readable, self._write = os.pipe()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._note)

    def _note(self, _signal: int, _frame: FrameType | None) -> None:
        if not self.asked:
            self.asked = True
            os.write(self._write, b"x")


def parser() -> argparse.ArgumentParser:
    """The options, in English and Japanese."""
    options = argparse.ArgumentParser(
        prog="soramichi bridge",
        description="Forward samples (one JSON object per line on stdin) so that none is lost: "
        "each is spooled on disk until the platform's receipt covers it. "
        "標準入力の観測値を、受領が確認されるまでディスクに保管して送ります。",
        epilog="The broker comes from SORAMICHI_BROKER_HOST, _PORT, _USERNAME, _PASSWORD_FILE "
        "and _TLS_CA_FILE (turns TLS on). Exit: 0 all receipted, 1 some left in the spool, "
        "2 bad usage or a line was refused, 3 failure.",
    )
    add = options.add_argument
    add("--spool", type=Path, required=True, help="the file that keeps the samples / 保管ファイル")
    add("--operator", help="your operator id / 運航者ID (SORAMICHI_OPERATOR)")
    add("--aircraft", help='for samples without an "aircraft" member / 機体ID')
    add("--max-bytes", type=int, default=DEFAULT_MAX_BYTES, help="bound of the spool / 保管の上限")
    add(
        "--when-full",
        choices=("wait", "drop-oldest"),
        default="wait",
        help="at the bound stop reading stdin, or drop the oldest / 上限に達した時の動作",
    )
    add("--keep", type=float, default=DEFAULT_KEEP_S, help="seconds to keep receipted samples")
    add("--drain", type=float, default=30.0, help="seconds to wait at the end / 終了時の待ち秒数")
    add("--status", action="store_true", help="show what is outstanding and end / 未受領の表示")
    add("--json", action="store_true", help="one JSON document on stdout / JSON で出力")
    add(
        "--set-aside-damaged",
        action="store_true",
        help="rename the present spool and begin a new one / 壊れた保管ファイルを退避",
    )
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code. Deliberate errors go up to the caller."""
    options = parser().parse_args(arguments)
    if options.status:
        with contextlib.closing(read_only(options.spool)) as db:
            left = outstanding(db)
        _report(left, {}, as_json=options.json)
        return LEFT if left else DONE
    operator_id = options.operator or os.environ.get("SORAMICHI_OPERATOR")
    if not operator_id:
        raise BadSettings("name your operator id with --operator or SORAMICHI_OPERATOR")
    if options.max_bytes <= 0 or options.keep < 0 or options.drain < 0:
        raise BadSettings("--max-bytes must be positive, --keep and --drain not negative")
    if options.set_aside_damaged and options.spool.exists():
        _say(f"set aside as {set_aside(options.spool)}")
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    return _forward(options, operator_id)


def _forward(options: argparse.Namespace, operator_id: str) -> int:
    stop = Stop()
    known = [identifier("aircraft", options.aircraft)] if options.aircraft else []
    bridge = Bridge(
        BrokerAddress.from_environment(),
        operator_id=operator_id,
        spool=options.spool,
        aircraft_ids=known,
        max_bytes=options.max_bytes,
        when_full="drop-oldest" if options.when_full == "drop-oldest" else "refuse",
        keep_s=options.keep,
    )
    refused = 0
    try:
        for lines in _lines(sys.stdin.fileno(), stop):
            refused += _accept(bridge, lines, options.aircraft, stop)
        deadline_s = time.monotonic() + options.drain
        while not stop.asked and time.monotonic() < deadline_s and bridge.drain(STEP_S):
            pass
    finally:
        left = bridge.close()
    _report(left, bridge.counts | {"refused": refused}, as_json=options.json)
    if refused:
        return BAD_INPUT
    return LEFT if left else DONE


def _lines(stdin: int, stop: Stop) -> Iterator[list[bytes]]:
    """All complete lines that are there, again and again, so that they share one commit."""
    rest = b""
    while True:
        select.select([stdin, stop.readable], [], [])
        if stop.asked:
            return
        chunk = os.read(stdin, 1 << 18)
        *lines, rest = (rest + chunk).split(b"\n")
        if not chunk and rest:
            lines.append(rest)
        if lines := [line for line in lines if line.strip()]:
            yield lines
        if not chunk:
            return
        if len(rest) > 4 * MAX_SAMPLE_BYTES:
            raise BadInput("a line without end is no sample; write one JSON object per line")


def _accept(bridge: Bridge, lines: list[bytes], aircraft_id: str | None, stop: Stop) -> int:
    """Spool these lines; returns how many were refused, each with its reason on stderr."""
    samples = []
    refused = 0
    for line in lines:
        try:
            samples.append(_addressed(line, aircraft_id))
        except BadInput as error:
            refused += _refuse(error)
    try:
        _publish(bridge, samples, stop)
    except (BadInput, SpoolFull):
        for sample in samples:
            try:
                _publish(bridge, [sample], stop, patient=True)
            except (BadInput, SpoolFull) as error:
                refused += _refuse(error)
    return refused


def _addressed(line: bytes, aircraft_id: str | None) -> tuple[str, dict[str, Any]]:
    """The "aircraft" member is the envelope, not part of the sample."""
    members = parse(line)
    named = members.pop("aircraft", aircraft_id)
    if not isinstance(named, str):
        raise BadInput('a sample needs an "aircraft" member, or give --aircraft')
    return named, members


def _publish(
    bridge: Bridge,
    samples: list[tuple[str, dict[str, Any]]],
    stop: Stop,
    *,
    patient: bool = False,
) -> None:
    """Publish; at the bound let stdin wait, because there is nowhere else to put a sample."""
    told = False
    while True:
        try:
            bridge.publish_all(samples)
        except SpoolFull as error:
            if stop.asked or not patient:
                raise
            if not told:
                _say(f"{error}; waiting / 空きを待っています")
            told = True
            time.sleep(STEP_S)
        else:
            return


def _refuse(error: SoramichiError) -> int:
    _say(f"refused: {error}")
    return 1


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


def _report(left: Outstanding, counts: dict[str, int], *, as_json: bool) -> None:
    if as_json:
        report = {"outstanding": dataclasses.asdict(left), "counts": counts}
        sys.stdout.write(json.dumps(report) + "\n")
        return
    for flight in left.flights:
        sys.stdout.write(
            f"{flight.aircraft_id} {flight.flight}: {flight.samples} "
            f"({flight.first_seq}..{flight.last_seq})\n"
        )
    sys.stdout.write(
        f"{left.samples} samples without a receipt stay in the spool, {left.dropped} were dropped"
        f" / 未受領 {left.samples} 件、破棄 {left.dropped} 件\n"
    )


if __name__ == "__main__":
    carry_out(main)
