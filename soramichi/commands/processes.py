"""`soramichi ingest`, `watch` and `api`: the processes that `python -m` also starts."""

from __future__ import annotations

import click


@click.command()
def ingest() -> None:
    """One ingest worker; SORAMICHI_… configure it (取り込みワーカー)."""
    from ingest.__main__ import main  # noqa: PLC0415  # a command loads only what it needs

    main()


@click.command()
def watch() -> None:
    """One watcher that tells flight events (飛行イベントの監視)."""
    from watch.__main__ import main  # noqa: PLC0415

    main()


@click.command()
def api() -> None:
    """One API process; SORAMICHI_… configure it (配信プロセス)."""
    from api.__main__ import main  # noqa: PLC0415

    main()
