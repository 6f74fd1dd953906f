"""When a silent connection is given up."""

from ingest.heartbeat import Heartbeat


def started() -> Heartbeat:
    heart = Heartbeat(interval_s=5, timeout_s=15)
    heart.start(100.0)
    return heart


def test_a_connection_that_never_answers_is_given_up() -> None:
    heart = started()

    assert not heart.overdue(115.0)
    assert heart.overdue(115.1)


def test_a_beat_that_came_back_is_patience_until_the_next() -> None:
    heart = started()
    heart.hear(heart.beat(101.0), 101.2)

    assert not heart.overdue(1_000.0)
    assert heart.age_s(103.2) == 2.0
    assert (heart.due(105.9), heart.due(106.0)) == (False, True)


def test_a_beat_that_does_not_come_back_ends_it_though_others_are_sent() -> None:
    heart = started()
    heart.hear(heart.beat(101.0), 101.2)
    for now in (106.0, 111.0, 116.0, 121.0):
        heart.beat(now)

    assert not heart.overdue(121.0)
    assert heart.overdue(121.1)


def test_a_beat_of_an_earlier_connection_proves_nothing() -> None:
    heart = started()
    old = heart.beat(101.0)
    heart.start(110.0)
    heart.beat(110.0)
    heart.hear(old, 110.1)

    assert heart.overdue(125.1)
    assert heart.age_s(111.0) == float("inf")


def test_other_messages_and_a_full_inbox_excuse_it() -> None:
    heart = started()
    heart.excuse(114.0)

    assert not heart.overdue(129.0)
    assert heart.overdue(129.1)
