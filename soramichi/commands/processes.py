"""`soramichi ingest`, `watch` and `api`: the processes that `python -m` also starts."""

from __future__ import annotations

import click


@click.command()
def ingest() -> None:
    """One ingest worker, configured by SORAMICHI_… variables (取り込みワーカー)."""
    from ingest.__main__ import main  # noqa: PLC0415  # a command loads only what it needs

    main()


@click.command()
def watch() -> None:
    """One watcher that tells flight events, configured by SORAMICHI_… (飛行イベントの監視)."""
    from watch.__main__ import main  # noqa: PLC0415

    main()


@click.command()
def api() -> None:
    """One API process, configured by SORAMICHI_… variables (配信プロセス)."""
    from api.__main__ import main  # noqa: PLC0415

    main()
