"""How fast samples get from a publisher through a broker into the database, beside what can be.

One run measures every consumer in turn on fresh servers; a result is the median over the runs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from soramichi.bench import stage, store
from soramichi.bench.contenders import consumers
from soramichi.bench.report import Result, median, result
from soramichi.bench.stage import Stage
from soramichi.bench.steady import latencies, outage_growth_mb
from soramichi.bench.throughput import Figure, load, measure

ARRAY = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How much to send; samples are multiples of 100 aircraft x 100 in an array.

    Enough that the last commit, for which the transport has no counterpart, weighs little.
    """

    # Each of a few seconds, of which one in three meets a neighbour.
    runs: int = 5
    single: int = 300_000
    arrays: int = 500_000
    tutorial: int = 6_000
    latency_s: float = 10.0
    outage_s: float = 60.0


QUICK = Plan(runs=3, single=30_000, arrays=100_000, tutorial=2_000, latency_s=4.0, outage_s=10.0)


def run(plan: Plan, say: Callable[[str], None]) -> list[Result]:
    """Measure everything on every broker that is installed."""
    results: list[Result] = []
    with Stage() as where:
        idempotent = store.rates(where, samples=plan.single, runs=plan.runs)["idempotent"]
        for kind in stage.BROKERS:
            if kind == "mosquitto" and stage.has_mosquitto() is None:
                say("mosquitto is not installed: its rows are left out")
                continue
            results += _of_broker(where, kind, plan, idempotent, say)
    return results


def _of_broker(
    where: Stage, kind: str, plan: Plan, idempotent: float, say: Callable[[str], None]
) -> list[Result]:
    figures = _figures(where, kind, plan, say)
    rate = {name: median(one.per_second for one in found) for name, found in figures.items()}
    cpu = {name: median(one.cpu_us for one in found) for name, found in figures.items()}
    rows = [
        result(f"ingest.{kind}.{name}", value, "samples/s", limit=_limit(name, rate, idempotent))
        for name, value in rate.items()
    ]
    rows += [result(f"ingest.{kind}.{name}_cpu", value, "us/sample") for name, value in cpu.items()]
    limits = {**rate, "idempotent": idempotent}
    rows += [
        result(f"ingest.{kind}.{mine}_over_{peer}", rate[mine], "samples/s",
               limit=limits[peer], target=target)
        for mine, peer, target in (*_COMPARED, *_COMPARED_ON[kind])
        if peer in limits
    ]  # fmt: skip
    rows += _latency(where, kind, plan, rate["ours"] / 2, say)
    if kind == "nats":
        rows += _outage(where, kind, plan, rate["ours"], say)
    return rows


# (ours, what it is held against, the ratio that it should reach)
_COMPARED: list[tuple[str, str, str | None]] = [
    ("ours", "tutorial", ">= 15"),
    ("ours_arrays", "tutorial", ">= 70"),
    ("ours_arrays", "idempotent", ">= 1.2"),
]
_COMPARED_ON: dict[str, list[tuple[str, str, str | None]]] = {
    "nats": [("ours", "paho_idle", ">= 0.7"), ("ours", "node", None)],
    # No consumer is faster than the transport, so its row says how far the other could be met.
    "mosquitto": [
        ("ours", "transport", ">= 0.75"),
        ("ours", "node", ">= 1.2"),
        ("transport", "node", None),
    ],
}


def _limit(name: str, rate: Mapping[str, float], idempotent: float) -> float | None:
    if name == "transport":
        return None
    return idempotent if name.endswith("arrays") else rate["transport"]


def _latency(
    where: Stage, kind: str, plan: Plan, per_second: float, say: Callable[[str], None]
) -> list[Result]:
    say(f"{kind}: latency at {per_second:,.0f}/s")
    waits = [
        latencies(where, kind, per_second=per_second, seconds=plan.latency_s)
        for _ in range(plan.runs)
    ]
    cold = result(
        f"ingest.{kind}.latency_first_second_max", median(one.cold_ms[-1] for one in waits), "ms"
    )
    return [
        cold,
        *(
            result(
                f"ingest.{kind}.latency_p{share * 100:.0f}",
                median(one.steady_ms[int(share * (len(one.steady_ms) - 1))] for one in waits),
                "ms",
                target=bound,
            )
            for share, bound in ((0.50, "<= 25"), (0.99, "<= 60"))
        ),
    ]


def _outage(
    where: Stage, kind: str, plan: Plan, per_second: float, say: Callable[[str], None]
) -> list[Result]:
    say(f"{kind}: {plan.outage_s:.0f} s without a database at {per_second:,.0f}/s")
    taken, grown = outage_growth_mb(where, per_second=per_second, seconds=plan.outage_s)
    return [
        result(f"ingest.{kind}.outage_held", taken, "MB"),
        # Flat, within what the allocator moves by itself.
        result(f"ingest.{kind}.outage_growth", grown, "MB", target="<= 2"),
    ]


def _figures(
    where: Stage, kind: str, plan: Plan, say: Callable[[str], None]
) -> dict[str, list[Figure]]:
    """Every consumer in turn, and the same again, so that all meet the same neighbours."""
    single, arrays, few = (
        load(plan.single),
        load(plan.arrays, per_message=ARRAY, together=2),
        load(plan.tutorial),
    )
    found: dict[str, list[Figure]] = defaultdict(list)
    for turn in range(plan.runs):
        for name, consumer in consumers(kind).items():
            what = few if name == "tutorial" else single
            found[name].append(measure(where, kind, consumer, what))
            say(f"{kind} {turn + 1}/{plan.runs} {name}: {found[name][-1].per_second:,.0f}/s")
        for name in ("ours", "ours_two_workers"):
            figure = measure(where, kind, consumers(kind)[name], arrays)
            found[f"{name}_arrays"].append(figure)
            say(f"{kind} {turn + 1}/{plan.runs} {name} arrays: {figure.per_second:,.0f}/s")
    return found
