"""Samples as records and back."""

from datetime import timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from soramichi.domain.altitude import Datum
from soramichi.domain.telemetry import OperationalStatus, TelemetrySample
from soramichi.store import rows
from soramichi.store.arrays import EPOCH

MEMBERS = {
    "time": st.integers(0, 106 * 365 * 86_400_000_000).map(
        lambda us: EPOCH + timedelta(microseconds=us)
    ),
    "latitude_deg": st.floats(-90.0, 90.0),
    "longitude_deg": st.floats(-180.0, 180.0),
    "altitude_m": st.floats(-999.0, 100_000.0),
    "altitude_datum": st.sampled_from(Datum),
    "seq": st.none() | st.integers(0, 2**63 - 1),
    "status": st.none() | st.sampled_from(OperationalStatus),
    "flight": st.none() | st.just("F1"),
}
OTHERS = set(TelemetrySample.__struct_fields__) - MEMBERS.keys()
SAMPLES = st.fixed_dictionaries(
    MEMBERS | dict.fromkeys(OTHERS, st.none() | st.floats(0.0, 100.0))
).map(lambda members: TelemetrySample(**members))


@given(st.lists(SAMPLES, min_size=1, max_size=4))
def test_a_sample_comes_out_of_its_record_as_it_went_in(samples: list[TelemetrySample]) -> None:
    records = np.zeros(len(samples), rows.RECORD)
    labels = rows.fill(records, samples)

    assert rows.samples(records, labels) == samples
