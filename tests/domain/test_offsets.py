from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from todo_api.domain.dates import zone
from todo_api.domain.offsets import Stretch, stretches

ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/Sao_Paulo",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Africa/Casablanca",
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


SECONDS = st.integers(int(at("1900-01-02").timestamp()), int(at("2100-01-01").timestamp()))


def test_a_zone_without_changes_is_one_stretch() -> None:
    assert stretches(at("2027-01-01"), at("2028-01-01"), zone("UTC")) == [Stretch(0, at("2028-01-01"))]


def test_a_year_in_berlin_has_three() -> None:
    assert stretches(at("2027-01-01"), at("2028-01-01"), zone("Europe/Berlin")) == [
        Stretch(3600, at("2027-03-28T01:00:00")),
        Stretch(7200, at("2027-10-31T01:00:00")),
        Stretch(3600, at("2028-01-01")),
    ]


def test_a_skipped_day_is_a_change_like_others() -> None:
    assert stretches(at("2011-12-30"), at("2012-01-01"), zone("Pacific/Apia")) == [
        Stretch(-36000, at("2011-12-30T10:00:00")),
        Stretch(50400, at("2012-01-01")),
    ]


@given(SECONDS, st.integers(1, 400 * 86400), st.sampled_from(ZONES), st.lists(st.floats(0, 1, exclude_max=True), max_size=5))
def test_every_moment_has_the_offset_of_its_stretch(start: int, seconds: int, name: str, places: list[float]) -> None:
    begin = datetime.fromtimestamp(start, UTC)
    where, end = zone(name), begin + timedelta(seconds=seconds)

    found = stretches(begin, end, where)

    assert [part.ends_at for part in found] == sorted({part.ends_at for part in found})
    assert found[-1].ends_at == end
    for moment in (begin + timedelta(seconds=int(place * seconds)) for place in places):
        part = next(part for part in found if moment < part.ends_at)
        offset = moment.astimezone(where).utcoffset()
        assert offset is not None
        assert part.seconds == offset.total_seconds()
