import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.corpora import entries, rows
from todo_api.domain.dates import WallTime
from todo_api.domain.quick_add import MAX_DEPTH, Parsed, Part, parse
from todo_api.domain.text import is_blank

WEDNESDAY = dt.datetime.fromisoformat("2027-03-10T10:00")
SUNDAY = 6

# Of every weekday, of short and long months, of a leap day and a year's end.
MOMENTS = [
    WEDNESDAY,
    *(dt.datetime.fromisoformat(f"2027-03-{day}T18:30") for day in range(11, 17)),
    *(dt.datetime.fromisoformat(text) for text in ("2028-02-29T00:00", "2027-12-31T23:59", "2027-04-30T09:00")),
]

ORDINARY_TITLES = [title for _, title in rows("ordinary_titles.tsv")]
PHRASES = entries("quick_add_phrases.json")

# What separates the parts of a title may go away with what it separated.
SEPARATORS = frozenset(",;:-\N{EN DASH}\N{EM DASH}\\")

pieces = st.sampled_from(
    [
        *(
            "call",
            "mum",
            "Anna",
            "rent",
            "today",
            "Tomorrow",
            "monday",
            "fri",
            "sat",
            "every",
            "every!",
            "day",
            "2",
            "weeks",
            "on",
            "by",
            "due",
        ),
        *(
            "at",
            "9",
            "9am",
            "17:00",
            "the",
            "1st",
            "14",
            "mar",
            "2027-03-14",
            "14.3.",
            "next",
            "in",
            "end",
            "of",
            "month",
            "until",
            "for",
            "and",
        ),
        *(
            "#Home",
            '#"My list"',
            "/Section",
            "@x",
            "!high",
            "+bob",
            "{fri}",
            "{x}",
            "~30m",
            "//notes",
            '"quoted',
            'text"',
            "\\",
            "\\#x",
            "\\every",
        ),
        *(",", "-", "(", ")", "?", "!", "\t", "\n", "\n  ", "\n    ", "\u00a0", "\U0001f600", "\u0130"),
    ]
)
texts = st.lists(pieces, max_size=14).map(" ".join) | st.lists(pieces, max_size=14).map("".join) | st.text(max_size=80)
moments = st.datetimes(dt.datetime.fromisoformat("2020-01-01"), dt.datetime.fromisoformat("2090-01-01"))


def read(text: str, now: dt.datetime = WEDNESDAY) -> Parsed:
    """The one todo a line says."""
    (todo,) = parse(text, now)
    return todo


def as_data(todo: Parsed) -> dict[str, Any]:
    """What a todo says, without what it does not say."""
    names = ("title", "list_name", "section_name", "priority", "duration_minutes", "notes")
    data: dict[str, Any] = {name: getattr(todo, name) for name in names if getattr(todo, name) is not None}
    data |= {name: list(getattr(todo, name)) for name in ("labels", "assignees") if getattr(todo, name)}
    if todo.deadline is not None:
        data["deadline"] = todo.deadline.isoformat()
    if todo.due is not None:
        data["due"] = todo.due.date.isoformat() + (f"T{todo.due.time:%H:%M}" if todo.due.time is not None else "")
    if todo.recurrence is not None:
        recurrence = todo.recurrence
        said = {"anchor": recurrence.anchor if recurrence.anchor != "schedule" else None, "start": recurrence.start}
        time = {"time": f"{recurrence.time:%H:%M}" if recurrence.time is not None else None}
        data["recurrence"] = {"rrule": recurrence.rrule} | {key: str(value) for key, value in (said | time).items() if value}
    return data


def all_of(todos: list[Parsed]) -> Iterator[Parsed]:
    for todo in todos:
        yield todo
        yield from all_of(todo.children)


def outside(text: str, parts: tuple[Part, ...]) -> str:
    """A line without its parts."""
    for part in reversed(parts):
        start, end = part.span
        text = text[:start] + text[end:]
    return text


def letters(text: str) -> str:
    return "".join(character for character in text if not character.isspace() and character not in SEPARATORS)


# The corpora


def test_corpora_are_large_and_say_everything_once() -> None:
    assert len(set(ORDINARY_TITLES)) == len(ORDINARY_TITLES) >= 150
    assert len({phrase["text"] for phrase in PHRASES}) == len(PHRASES) >= 150


@pytest.mark.parametrize("title", ORDINARY_TITLES)
def test_ordinary_title_stays_whole_on_any_day(title: str) -> None:
    assert {moment: parse(title, moment) for moment in MOMENTS} == {moment: [Parsed(title)] for moment in MOMENTS}


@pytest.mark.parametrize("phrase", PHRASES, ids=lambda phrase: phrase["text"])
def test_phrase_is_read_as_expected(phrase: dict[str, Any]) -> None:
    expected = {key: value for key, value in phrase.items() if key not in {"text", "leftover"}}

    assert as_data(read(phrase["text"])) == expected


@pytest.mark.parametrize("phrase", [phrase for phrase in PHRASES if "leftover" not in phrase], ids=lambda phrase: phrase["text"])
def test_title_of_a_phrase_is_an_ordinary_title(phrase: dict[str, Any]) -> None:
    assert read(phrase["title"]) == Parsed(phrase["title"])


# What was understood


def test_parts_name_span_kind_text_and_value() -> None:
    todo = read("Pay rent every 1st at 9am #Home @bills !high ~30m {14 mar} +bob //from the joint account")

    assert todo.parsed == (
        Part((9, 25), "recurrence", "every 1st at 9am", "FREQ=MONTHLY;BYMONTHDAY=1"),
        Part((26, 31), "list", "#Home", "Home"),
        Part((32, 38), "label", "@bills", "bills"),
        Part((39, 44), "priority", "!high", "high"),
        Part((45, 49), "duration", "~30m", 30),
        Part((50, 58), "deadline", "{14 mar}", "2027-03-14"),
        Part((59, 63), "assignee", "+bob", "bob"),
        Part((64, 88), "notes", "//from the joint account", "from the joint account"),
    )


def test_time_apart_from_its_date_is_a_part_of_its_own() -> None:
    assert read("Tomorrow call mum at 5pm").parsed == (
        Part((0, 8), "due", "Tomorrow", "2027-03-11T17:00"),
        Part((18, 24), "time", "at 5pm", "17:00"),
    )


def test_time_alone_is_the_due_date() -> None:
    assert read("Call mum at 5pm").parsed == (Part((9, 15), "due", "at 5pm", "2027-03-10T17:00"),)


def test_spans_count_code_points_of_the_whole_text() -> None:
    first, second = parse("\U0001f382 Anna\n\U0001f600 call \U0001f468\u200d\U0001f469 tomorrow", WEDNESDAY)

    assert first.parsed == ()
    assert second.parsed == (Part((18, 26), "due", "tomorrow", "2027-03-11"),)


def test_due_has_no_zone() -> None:
    now = dt.datetime.fromisoformat("2027-03-10T10:00+05:00")

    assert read("Call mum in 2 hours", now).due == WallTime(dt.date(2027, 3, 10), dt.time(12))


def test_recurrence_leaves_its_first_date_to_others() -> None:
    assert read("Pay rent every 1st at 9am").due is None


def test_week_start_decides_what_next_week_is() -> None:
    sunday = dt.datetime.fromisoformat("2027-03-14T10:00")

    assert parse("Rest next friday", sunday)[0].due == WallTime(dt.date(2027, 3, 19))
    assert parse("Rest next friday", sunday, week_start=SUNDAY)[0].due == WallTime(dt.date(2027, 3, 26))


def test_section_in_small_letters_needs_a_list() -> None:
    assert read("Clean /tmp") == Parsed("Clean /tmp")
    assert parse("Buy milk /dairy", WEDNESDAY, in_list=True)[0].section_name == "dairy"
    assert [todo.section_name for todo in parse("Eggs\nBuy milk /dairy #Shop", WEDNESDAY)] == [None, "dairy"]
    assert [todo.section_name for todo in parse("Eggs\n#Shop buy milk /dairy", WEDNESDAY)] == [None, "dairy"]


@pytest.mark.parametrize("mark", ["#", "/", "@", "+"])
def test_name_has_at_most_100_characters(mark: str) -> None:
    longest = "N" * 100

    assert [part.value for part in read(f"Buy milk {mark}{longest}").parsed] == [longest]
    assert read(f"Buy milk {mark}{longest}N") == Parsed(f"Buy milk {mark}{longest}N")


# Several lines


def test_lines_are_todos_and_blank_lines_are_none() -> None:
    assert parse("Buy milk\r\n\n \t\nCall mum\n", WEDNESDAY) == [Parsed("Buy milk"), Parsed("Call mum")]


@pytest.mark.parametrize("text", ["", " ", "\n\t\r\n", "\u200b", "\u00a0\n\u2003"])
def test_white_space_is_no_todo(text: str) -> None:
    assert parse(text, WEDNESDAY) == []


def outline(todos: list[Parsed]) -> list[Any]:
    return [(todo.title, outline(todo.children)) if todo.children else todo.title for todo in todos]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\n b\n c", [("a", ["b", "c"])]),
        ("a\n  b\n    c\n  d\ne", [("a", [("b", ["c"]), "d"]), "e"]),
        ("a\n\tb\n\t\tc", [("a", [("b", ["c"])])]),
        ("a\n\tb\n    c", [("a", ["b", "c"])]),
        ("a\n    b\n  c", [("a", ["b", "c"])]),
        ("a\n\n  b", [("a", ["b"])]),
        ("  a\n  b\nc", ["a", "b", "c"]),
        ("a\n b\n  c\n   d\n    e\n     f\n      g\n    h", [("a", [("b", [("c", [("d", ["e", "f", "g", "h"])])])])]),
    ],
)
def test_indented_lines_are_subtasks(text: str, expected: list[Any]) -> None:
    assert outline(parse(text, WEDNESDAY)) == expected


def test_subtask_says_its_own_but_is_where_its_parent_is() -> None:
    (party,) = parse("Party on friday #Home /Fun\n  Buy cake tomorrow @shop #Work /Food", WEDNESDAY)

    assert (party.list_name, party.section_name, party.due) == ("Home", "Fun", WallTime(dt.date(2027, 3, 12)))
    assert [as_data(child) for child in party.children] == [
        {"title": "Buy cake #Work /Food", "labels": ["shop"], "due": "2027-03-11"},
    ]


# Promises


def test_reading_ends_after_500_characters_of_a_line() -> None:
    long = "word " * 100

    assert read(f"{long}tomorrow #Home") == Parsed(f"{long}tomorrow #Home")
    assert read(f"Tomorrow call mum {long}").title == f"call mum {long}".strip()
    assert read(f"Call mum //{long}{long}").notes == f"{long}{long}".strip()


@given(texts, moments, st.integers(0, 6))
def test_any_text_is_read(text: str, now: dt.datetime, week_start: int) -> None:
    todos = parse(text, now, week_start=week_start)

    assert todos == parse(text, now, week_start=week_start)
    assert (todos == []) == is_blank(text)
    assert not any(is_blank(todo.title) for todo in all_of(todos))


@given(texts, moments)
def test_parts_lie_in_the_text_in_order_and_apart(text: str, now: dt.datetime) -> None:
    parts = [part for todo in all_of(parse(text, now)) for part in todo.parsed]

    ends = [0, *(end for part in parts for end in part.span)]
    assert ends == sorted(ends)
    assert [text[slice(*part.span)] for part in parts] == [part.text for part in parts]


@given(texts.filter(lambda text: "\n" not in text and not is_blank(text)), moments)
def test_title_and_parts_are_the_whole_line(text: str, now: dt.datetime) -> None:
    todo = read(text, now)

    assert letters(todo.title) == letters(outside(text, todo.parsed))
    assert todo.parsed or letters(todo.title) == letters(text)


@given(texts, moments)
def test_title_of_which_nothing_was_understood_stays_as_it_was_written(text: str, now: dt.datetime) -> None:
    lines = {line.strip() for line in text.split("\n")}

    assert all(todo.title in lines for todo in all_of(parse(text, now)) if not todo.parsed and "\\" not in text)


@given(texts, moments)
def test_title_settles(text: str, now: dt.datetime) -> None:
    for todo in all_of(parse(text, now)):
        title = todo.title
        for _ in range(len(title)):
            title = read(title, now).title
        assert read(title, now).title == title


@given(st.lists(st.integers(0, 12), min_size=1, max_size=40))
def test_outline_keeps_every_line_and_never_goes_deeper_than_allowed(indents: list[int]) -> None:
    todos = parse("\n".join(" " * indent + f"t{index}" for index, indent in enumerate(indents)), WEDNESDAY)

    def depth(todos: list[Parsed]) -> int:
        return 1 + max((depth(todo.children) for todo in todos), default=0) if todos else 0

    assert [todo.title for todo in all_of(todos)] == [f"t{index}" for index in range(len(indents))]
    assert depth(todos) <= MAX_DEPTH


# Names that are not known


def test_unknown_names_stay_in_the_title() -> None:
    (todo,) = parse("Call #Nowhere +nobody tomorrow #Home /Attic @x", WEDNESDAY, knows=lambda _, name, __: name == "Home")

    assert todo.title == "Call #Nowhere +nobody /Attic"
    assert (todo.list_name, todo.section_name, todo.assignees, todo.labels) == ("Home", None, (), ("x",))


def test_unknown_names_mean_no_date() -> None:
    (todo,) = parse("Plan #Tomorrow", WEDNESDAY, knows=lambda *_: False)

    assert (todo.title, todo.due) == ("Plan #Tomorrow", None)


def test_every_name_is_asked_about_where_it_stands() -> None:
    asked: list[tuple[str, str, int]] = []

    def knows(kind: str, name: str, at: int) -> bool:
        asked.append((kind, name, at))
        return False

    text = 'a #One #"Two words" +bob\n  b +bob\nc #Three /Four'
    todos = parse(text, WEDNESDAY, knows=knows)

    names = ["#One", '#"Two words"', "+bob", "+bob", "#Three", "/Four"]
    assert [text[at : at + len(name)] for name, (_, _, at) in zip(names, asked, strict=True)] == names
    assert [(todo.title, todo.at) for todo in all_of(todos)] == [
        ('a #One #"Two words" +bob', 0),
        ("b +bob", text.index("  b")),
        ("c #Three /Four", text.index("c #")),
    ]


@given(texts, moments)
def test_nothing_known_asks_for_all_that_could_be_taken(text: str, now: dt.datetime) -> None:
    asked: list[tuple[str, str]] = []

    def knows(kind: str, name: str, _: int) -> bool:
        asked.append((kind, name))
        return False

    unknown = parse(text, now, knows=knows)
    known = parse(text, now)

    for todo in all_of(known):
        assert todo.list_name is None or ("list", todo.list_name) in asked
        assert todo.section_name is None or ("section", todo.section_name) in asked
        assert {("assignee", name) for name in todo.assignees} <= set(asked)
    assert [todo.at for todo in all_of(unknown)] == [todo.at for todo in all_of(known)]
