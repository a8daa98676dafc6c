from datetime import UTC, date, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.support.filter_strategies import filters
from todo_api.domain.filter_fields import FIELDS, Kind
from todo_api.domain.filter_format import format_filter
from todo_api.domain.filter_language import parse
from todo_api.domain.filter_syntax import MAX_DEPTH, MAX_LENGTH, MAX_TERMS, FilterSyntaxError
from todo_api.domain.filter_tree import (
    Anchor,
    And,
    Compare,
    Day,
    Field,
    Filter,
    Flag,
    Instant,
    IsNull,
    LocalTime,
    Me,
    Member,
    Missing,
    Not,
    Operator,
    Or,
    Relative,
    Term,
    Text,
    Unit,
    Word,
    fields_of,
)
from todo_api.domain.filter_values import TIME_EXAMPLES

PIECES = [
    *Field,
    *("=", "!=", "<", "<=", ">", ">=", ":", "(", ")", ",", "in", "is", "not", "null", "and", "or", "none", "me", "true"),
    *(
        "today",
        "+3d",
        "now-2h",
        "eom",
        "2027-03-14",
        "2027-03-14T09:00",
        "high",
        "open",
        "milk",
        '"a b"',
        "'",
        '"',
        "\\",
        "é",
        "\0",
    ),
]


def equal(field: Field, text: str) -> Compare:
    return Compare(field, Operator.EQUAL, Text(text))


def parsed(text: str) -> Filter | FilterSyntaxError:
    try:
        return parse(text)
    except FilterSyntaxError as error:
        return error


def failure(text: str) -> FilterSyntaxError:
    with pytest.raises(FilterSyntaxError) as caught:
        parse(text)
    return caught.value


def test_the_example_of_the_documentation_is_read() -> None:
    tree = parse('due < today+7d and (label:food or priority >= high) and not assignee:me and list:"Home"')

    assert tree == And(
        (
            Compare(Field.DUE, Operator.LESS, Relative(Anchor.TODAY, 7, Unit.DAY)),
            Or((equal(Field.LABEL, "food"), Compare(Field.PRIORITY, Operator.AT_LEAST, Word("high")))),
            Not(Compare(Field.ASSIGNEE, Operator.EQUAL, Me())),
            equal(Field.LIST, "Home"),
        )
    )


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        (
            "label:a or label:b and label:c",
            Or((equal(Field.LABEL, "a"), And((equal(Field.LABEL, "b"), equal(Field.LABEL, "c"))))),
        ),
        ("not label:a and label:b", And((Not(equal(Field.LABEL, "a")), equal(Field.LABEL, "b")))),
        ("not (label:a and label:b)", Not[Term](And((equal(Field.LABEL, "a"), equal(Field.LABEL, "b"))))),
        ("not not overdue", Not[Term](Not(Flag(Field.OVERDUE)))),
        ("((overdue))", Flag(Field.OVERDUE)),
        ("NOT Overdue AND Due IS NOT NULL", And[Term]((Not(Flag(Field.OVERDUE)), Not(IsNull(Field.DUE))))),
        ("label != a", Not(equal(Field.LABEL, "a"))),
        ("label not in (a, b)", Not(Member(Field.LABEL, (Text("a"), Text("b"))))),
        ("label in (a)", equal(Field.LABEL, "a")),
        ("label not in (none)", Not(IsNull(Field.LABEL))),
        ("label in (a, none)", Member(Field.LABEL, (Text("a"), Missing()))),
        ('label in ("none", "me")', Member(Field.LABEL, (Text("none"), Text("me")))),
        ("status in (open, IN_PROGRESS)", Member(Field.STATUS, (Word("open"), Word("in_progress")))),
        ("list:none", equal(Field.LIST, "none")),
        ("due:none", IsNull(Field.DUE)),
        ("due != null", Not(IsNull(Field.DUE))),
        ("priority = none", Compare(Field.PRIORITY, Operator.EQUAL, Word("none"))),
        ("assignee in (me, Ana)", Member(Field.ASSIGNEE, (Me(), Text("Ana")))),
        ('assignee:"me"', equal(Field.ASSIGNEE, "me")),
        ("label:me", equal(Field.LABEL, "me")),
        ("title:milk", Compare(Field.TITLE, Operator.CONTAINS, Text("milk"))),
        ("title=milk", equal(Field.TITLE, "milk")),
        ("notes:none", Compare(Field.NOTES, Operator.CONTAINS, Text("none"))),
        ("label:🍎-Äpfel@home.#1+1", equal(Field.LABEL, "🍎-Äpfel@home.#1+1")),
        (r'''title:"a \"b\" 'c' \\ \n\t"''', Compare(Field.TITLE, Operator.CONTAINS, Text("a \"b\" 'c' \\ \n\t"))),
        (r"""title:'a \'b\' "c"'""", Compare(Field.TITLE, Operator.CONTAINS, Text("a 'b' \"c\""))),
        ("overdue:true", Flag(Field.OVERDUE)),
        ("overdue = false", Not(Flag(Field.OVERDUE))),
        ("overdue != true", Not(Flag(Field.OVERDUE))),
        ("overdue != false", Flag(Field.OVERDUE)),
        ("completed", Flag(Field.COMPLETED)),
        ("completed:false", Not(Flag(Field.COMPLETED))),
        ("completed is null", IsNull(Field.COMPLETED)),
        ("has:due", Compare(Field.HAS, Operator.EQUAL, Word("due"))),
        ("has not in (due, notes)", Not(Member(Field.HAS, (Word("due"), Word("notes"))))),
    ],
)
def test_text_is_read_as_tree(text: str, tree: Filter) -> None:
    assert parse(text) == tree


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("today", Relative(Anchor.TODAY)),
        ("TODAY", Relative(Anchor.TODAY)),
        ("today+7d", Relative(Anchor.TODAY, 7, Unit.DAY)),
        ("+3d", Relative(Anchor.TODAY, 3, Unit.DAY)),
        ("-1w", Relative(Anchor.TODAY, -1, Unit.WEEK)),
        ("+0d", Relative(Anchor.TODAY)),
        ("+0003mo", Relative(Anchor.TODAY, 3, Unit.MONTH)),
        ("-100y", Relative(Anchor.TODAY, -100, Unit.YEAR)),
        ("now", Relative(Anchor.NOW)),
        ("now-30min", Relative(Anchor.NOW, -30, Unit.MINUTE)),
        ("+2h", Relative(Anchor.NOW, 2, Unit.HOUR)),
        ("now+1d", Relative(Anchor.NOW, 1, Unit.DAY)),
        ("mon", Relative(Anchor.MONDAY)),
        ("sunday-1d", Relative(Anchor.SUNDAY, -1, Unit.DAY)),
        ("eom", Relative(Anchor.END_OF_MONTH)),
        ("2027-03-14", Day(date(2027, 3, 14))),
        ('"2027-03-14"', Day(date(2027, 3, 14))),
        ("2027-03-14T09:00", LocalTime(datetime.fromisoformat("2027-03-14T09:00"))),
        ("2027-03-14t09:00:01.5", LocalTime(datetime.fromisoformat("2027-03-14T09:00:01.500000"))),
        ("2027-03-14T09:00z", Instant(datetime(2027, 3, 14, 9, tzinfo=UTC))),
        ("2027-03-14T09:00:00-05:30", Instant(datetime(2027, 3, 14, 14, 30, tzinfo=UTC))),
    ],
)
def test_date_is_read(text: str, value: Day | LocalTime | Instant | Relative) -> None:
    assert parse(f"due>={text} and overdue") == And((Compare(Field.DUE, Operator.AT_LEAST, value), Flag(Field.OVERDUE)))


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("label != food AND due=none", "not label:food and due is null"),
        ("((status != open))or(overdue:false)", "status != open or not overdue"),
        ("(overdue and blocked) and not (recurring or completed)", "(overdue and blocked) and not (recurring or completed)"),
        ("label in ('in', b, none) and label:'a b'", 'label in ("in", b, none) and label:"a b"'),
        ("due>+3d and due<=mon-1w", "due > today+3d and due <= monday-1w"),
        ("created<2027-03-14T09:00:00.25+01:00", "created < 2027-03-14T08:00:00.250000Z"),
        ("title='x' or text:\"\\\\ ' \\\"\n\t\"", 'title = x or text:"\\\\ \' \\"\\n\\t"'),
        ("assignee not in (me, Me)", "assignee not in (me, me)"),
        ("not has:due", "not has:due"),
    ],
)
def test_canonical_text(text: str, canonical: str) -> None:
    assert format_filter(parse(text)) == canonical


@given(filters())
def test_formatted_filter_is_read_as_the_same_tree(tree: Filter) -> None:
    assert parse(format_filter(tree)) == tree


@pytest.mark.parametrize(
    ("text", "offset", "length", "expected"),
    [
        ("", 0, 0, (*Field, "not", "(")),
        ("  ", 2, 0, (*Field, "not", "(")),
        ("milk", 0, 4, (*Field, "not", "(")),
        ("label:é and ünknown:x", 12, 7, (*Field, "not", "(")),
        ("overdue and and", 12, 3, (*Field, "not", "(")),
        ('"due" < today', 0, 5, (*Field, "not", "(")),
        ("due", 3, 0, FIELDS[Field.DUE].operators),
        ("due today", 4, 5, FIELDS[Field.DUE].operators),
        ("label not a", 6, 3, FIELDS[Field.LABEL].operators),
        ("title < a", 6, 1, ("=", "!=", ":", "in")),
        ("overdue in (true)", 8, 2, ("=", "!=", ":")),
        ("priority is null", 9, 2, FIELDS[Field.PRIORITY].operators),
        ("due is it", 7, 2, ("null", "not null")),
        ("due is not it", 11, 2, ("null",)),
        ("due is not null x", 16, 1, ("and", "or", "the end")),
        ("overdue blocked", 8, 7, ("and", "or", "the end")),
        ("(overdue blocked)", 9, 7, ("and", "or", ")")),
        ("(overdue", 8, 0, ("and", "or", ")")),
        ("overdue)", 7, 1, ("and", "or", "the end")),
        ("label:", 6, 0, ("a name", "an id")),
        ("label: and overdue", 7, 3, ("a name", "an id")),
        ("assignee:(", 9, 1, ("a name", "an id", "me")),
        ('title:""', 6, 2, ("a word", "a text in quotes")),
        ("title:'\u0301'", 6, 3, ("a word", "a text in quotes")),
        ("label in a", 9, 1, ("(",)),
        ("label in ()", 10, 1, ("a name", "an id")),
        ("label in (a", 11, 0, (",", ")")),
        ("label in (a b)", 12, 1, (",", ")")),
        ("label in (a,)", 12, 1, ("a name", "an id")),
        ("status:done", 7, 4, ("open", "in_progress", "completed", "cancelled")),
        ("overdue:yes", 8, 3, ("true", "false")),
        ("completed < true", 10, 1, ("=", "!=", ":")),
        ("status:", 7, 0, ("open", "in_progress", "completed", "cancelled")),
        ("overdue:", 8, 0, ("true", "false")),
        ("due <", 5, 0, TIME_EXAMPLES),
        ("due < soon", 6, 4, TIME_EXAMPLES),
        ("title:", 6, 0, ("a word", "a text in quotes")),
        ("due < none", 4, 1, ("=", "!=", ":")),
        ("due < 3d", 6, 2, ("+3d", "-3d")),
        ("due < +3m", 6, 3, ("+3min", "+3h", "+3d", "+3w", "+3mo", "+3y")),
        ("due < +36501d", 6, 7, ("+36500d",)),
        ("due < today+2h", 6, 8, ("now+2h", "-30min", "today+1d")),
        ("title:'a", 6, 2, ("'",)),
        (r'title:"a\x"', 8, 2, (r"\"", r"\'", r"\\", r"\n", r"\t")),
        ("due ! today", 4, 1, ("!=", "not")),
        ("overdue && blocked", 8, 1, ("and",)),
        ("overdue | blocked", 8, 1, ("or",)),
        ("title:[x]", 6, 1, ()),
        ("title:a\0", 7, 1, ()),
        ("title:'\ud800'", 7, 1, ()),
    ],
)
def test_error_points_at_the_place_and_says_what_was_expected(
    text: str, offset: int, length: int, expected: tuple[str, ...]
) -> None:
    error = failure(text)

    assert (error.offset, error.length, error.expected) == (offset, length, expected)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "soon",
            "tod",
            "today7d",
            "today+",
            "+d",
            "++3d",
            "+3",
            "today+1w+2d",
            "2027-3-1",
            "20270314",
            "2027-02-30",
            "2027-13-01",
        ),
        *("1900-12-31", "9000-01-01", "1900-01-01T00:00", "2027-03-14T", "2027-03-14T9:00", "2027-03-14T24:00", "2027-03-14T09"),
        *(
            "2027-03-14T09:00:60",
            "2027-03-14T09:00+24:00",
            "2027-03-14T09:00:00.1234567",
            "2027-03-14+1d",
            "٢٠٢٧-٠٣-١٤",
            "'none'",
            "''",
        ),
        "2027-03-14T09:00:00 00:00",
    ],
)
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(FilterSyntaxError):
        parse(f"due < {text}")


def test_plus_lost_in_a_url_is_explained() -> None:
    assert "%2B" in failure("due < today 7d").message
    assert "%2B" in failure("due <  7d").message


def test_message_names_only_the_beginning_of_long_text() -> None:
    assert failure("x" * 500).message == f"`{'x' * 40}…` is not a field."


@given(st.text() | st.lists(st.sampled_from(PIECES)).map(" ".join) | st.lists(st.sampled_from(PIECES)).map("".join))
@example("not " * 1000)
@example("(" * 2000)
@example('"' * 1999)
@example("due<" + "9" * 1900)
def test_any_text_is_a_filter_or_an_error_inside_the_text(text: str) -> None:
    read = parsed(text)

    if isinstance(read, FilterSyntaxError):
        assert 0 <= read.offset <= read.offset + read.length <= len(text)
        assert read.message
    else:
        assert parse(format_filter(read)) == read


def test_text_has_a_greatest_length() -> None:
    padding = " " * (MAX_LENGTH - len("overdue"))
    error = failure(f"overdue{padding} ")

    assert parse(f"overdue{padding}") == Flag(Field.OVERDUE)
    assert (error.offset, error.length) == (MAX_LENGTH, 1)


@pytest.mark.parametrize(("opening", "closing"), [("(", ")"), ("not ", "")])
def test_nesting_has_a_greatest_depth(opening: str, closing: str) -> None:
    parse(opening * MAX_DEPTH + "overdue" + closing * MAX_DEPTH)

    assert failure(opening * (MAX_DEPTH + 1) + "overdue").offset == MAX_DEPTH * len(opening)


def test_depth_is_not_used_up_by_what_was_closed() -> None:
    parse(" and ".join(["(overdue)"] * (MAX_DEPTH + 1)))


def test_conditions_have_a_greatest_number() -> None:
    parse(" and ".join(["overdue"] * MAX_TERMS))

    assert failure(" and ".join(["overdue"] * (MAX_TERMS + 1))).offset == MAX_TERMS * len("overdue and ")


def test_values_of_a_list_count_as_conditions() -> None:
    parse(f"label in ({','.join('x' * MAX_TERMS)})")

    assert failure(f"label in ({','.join('x' * (MAX_TERMS + 1))})").length == 1


def test_fields_of_a_filter_are_named() -> None:
    tree = parse("not (status:open or due in (today, none)) and label is null and overdue")

    assert fields_of(tree) == {Field.STATUS, Field.DUE, Field.LABEL, Field.OVERDUE}


@pytest.mark.parametrize("field", Field)
def test_table_says_what_the_parser_takes(field: Field) -> None:
    rule = FIELDS[field]
    word = {Kind.TIME: "today", Kind.FLAG: "true", Kind.CHOICE: (*rule.words, "")[0]}.get(rule.kind, "milk")
    written = {"in": f"in ({word})", "is null": "is null"}

    for operator in ("=", "!=", "<", "<=", ">", ">=", ":", "in", "is null"):
        text = f"{field} {written.get(operator, f'{operator} {word}')}"
        if operator in rule.operators:
            parse(text)
        else:
            assert failure(text).expected == rule.operators


def test_every_field_has_a_rule() -> None:
    assert set(FIELDS) == set(Field)
