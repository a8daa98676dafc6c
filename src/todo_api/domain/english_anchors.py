"""Where in a title a date means its date: the rules that leave "Plan Black Friday" and "call today show" alone.

A phrase that the grammars can read counts where it stands like an adverb, in one of three places:

- at the end: `Call mum tomorrow`. Tokens and other phrases that count may follow.
- at the beginning, if something must come of it: `Tomorrow call mum`, `On friday: call mum`. A bare weekday or date needs a
  colon, comma or dash behind it there (`Sunday roast`), as does whatever a capital, a verb form or a preposition follows.
- in the middle, where the sentence goes on with a preposition or conjunction: `Call mum tomorrow about rent`. A noun
  behind it says that the phrase belongs to the noun: `Prepare tomorrow morning meeting`.

It never counts
- behind an article, a possessive or a preposition of its own (`the`, `my`, `for`, `since` ...), or in brackets or quotes;
- before a question mark, and in a line that begins with a question word (`How to learn it in 3 days`);
- joined to another date (`from monday to friday`, `today and tomorrow`): no due date says both;
- as a bare weekday behind a name or in a set phrase (`Watch Freaky Friday`, `plan black friday`): `on friday` is clear;
- as the object of the only verb there is (`Plan next week`, `Review today`).
"""

import re
from collections.abc import Sequence
from typing import Final

from todo_api.domain.english_dates import DatePhrase
from todo_api.domain.english_days import Nature
from todo_api.domain.english_recurrence import RecurrencePhrase
from todo_api.domain.english_words import MONTHS, PARTS_OF_DAY, WEEKDAYS, Word


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_NOT_BEHIND: Final = _words(
    "the a an this that these those my your our his her its their of for to from since until till til through thru before after "
    "about around than like between per each every any no not some what is was are were be as with without under over within "
    "last past previous following next first second third fourth fifth other almost nearly again versus vs v version chapter "
    "except excluding ( [ { \" ' * _ "
    "here gone world built"  # "here today, gone tomorrow", "around the world in 80 days", "Rome wasn't built in a day"
)
_LISTS: Final = _words("and or & / to till until through thru")
_JOINTS: Final = _LISTS | {",", "-"}
_BRACKETS: Final = _words("? ( ) [ ] } \" ' * _")
_STOPS: Final = _words(", ; : . ! - \N{HORIZONTAL ELLIPSIS}")
_LAST_STOPS: Final = _words(". ! \N{HORIZONTAL ELLIPSIS}")
_GOES_ON_BEHIND_WEEKDAY: Final = _words("about at with re regarding if because so before after then and but due every")
_GOES_ON: Final = _GOES_ON_BEHIND_WEEKDAY | _words(
    "to for from in on or by via near concerning as when while during unless without using plus"
)
_DETERMINERS: Final = _words("the a an my your our his her its their this")  # "Send today the report": a noun begins here
_NEVER_OPENS: Final = _GOES_ON | _words(
    "i you he she it we they i'm i'll is was are were will would has had have can could may might must never of not except "
    "only show news belongs land people night mornings afternoons evenings nights"
)
_ORDINAL: Final = re.compile(r"[0-9]{1,2}(?:st|nd|rd|th)")
_QUESTIONS: Final = _words("how why what who when where which whose")
_TAKES_A_DATE: Final = _words(
    "plan review prepare discuss schedule check organise organize budget preview outline sketch enjoy survive celebrate seize "
    "skip cancel postpone move confirm remember avoid watch read play spell translate define rename"
)
_TAKES_A_NUMBER: Final = _words(
    "set keep cap hold lock fix freeze limit leave price sell look stare laugh aim point shoot stop start stay remain turn"
)
_TAKES_A_TIMESPAN: Final = _words("learn master teach lose gain earn run")
_OBJECTS: Final = {Nature.HOUR: _TAKES_A_NUMBER, Nature.SPAN: _TAKES_A_TIMESPAN, Nature.CALENDAR: frozenset({"convert"})}
_COUNTS: Final = _words("once twice thrice times")
_OPENING: Final = frozenset({Nature.RELATIVE, Nature.SPAN})
_SET_PHRASES: Final = _words(
    "black good blue cyber ruby easter ash palm taco super casual freaky given giving whit bloody manic happy pancake shrove "
    "maundy holy fat lazy stormy throwback girl man big sweet gray grey orange small spy pay payday day ugly"
)
_COMMON_SHORT: Final = _words("sat sun wed mar may jan")
_DATE_WORDS: Final = (WEEKDAYS.keys() | MONTHS.keys() | PARTS_OF_DAY) | _words(
    "today tomorrow tonight tmr tmrw yesterday noon midnight hourly daily weekly fortnightly monthly quarterly yearly annually"
)
_UNITS: Final = _words("day week weekend month quarter year")


def date_counts(words: Sequence[Word], phrase: DatePhrase) -> bool:
    """Tell whether a date means its date in this line."""
    start, end = phrase.start, phrase.end
    bare_weekday = phrase.nature in {Nature.WEEKDAY, Nature.SHORT} and not phrase.introduction and not phrase.has_time
    if words[0].key in _OBJECTS.get(phrase.nature, ()) or (bare_weekday and _is_named(words, start)):
        return False
    if _follows_a_date(_lower(words, start - 1), phrase) or not _is_free(words, start, end, timed=phrase.has_time):
        return False
    if phrase.clock is not None and phrase.clock.bare and _key(words, end + 1)[:1].isdigit():  # "sell at 2 for 1"
        return False
    if _ends_line(words, end):
        return not (start == 1 and words[0].key in _TAKES_A_DATE)
    if bare_weekday and phrase.nature is Nature.SHORT:
        return False
    goes_on = _GOES_ON_BEHIND_WEEKDAY if bare_weekday else _GOES_ON
    if phrase.nature is Nature.RELATIVE:
        goes_on |= _DETERMINERS
    return _is_placed(words, start, end, goes_on, opens=_opens(words, phrase))


def recurrence_counts(words: Sequence[Word], phrase: RecurrencePhrase) -> bool:
    """Tell whether a recurrence means that the todo recurs."""
    start, end = phrase.start, phrase.end
    if _key(words, end) == "in" and _key(words, end + 1) in MONTHS:
        return False
    is_adverb = words[start].key not in {"every", "on", "the"}
    if is_adverb and _lower(words, start - 1) in _COUNTS:
        return False
    last = words[end - 1].key
    opens = not is_adverb and last not in _COMMON_SHORT and not _ORDINAL.fullmatch(last)  # "every 5th customer", "every sun hat"
    is_free = _is_free(words, start, end, timed=phrase.has_time)
    return is_free and (_ends_line(words, end) or _is_placed(words, start, end, _GOES_ON, opens=opens))


def _follows_a_date(before: str, phrase: DatePhrase) -> bool:
    """Tell whether the word before is a date that could not be read together with this one: `Friday 14 march`, a Sunday."""
    if phrase.day is None:
        return before in _DATE_WORDS | _UNITS
    return before in WEEKDAYS and not phrase.introduction


def _is_free(words: Sequence[Word], start: int, end: int, *, timed: bool) -> bool:
    """Tell whether nothing around takes the phrase for itself."""
    before, after = _lower(words, start - 1), _key(words, end)
    if words[0].key in _QUESTIONS or before in _NOT_BEHIND or after in _BRACKETS or _ORDINAL.fullmatch(before):
        return False
    first = _lower(words, start - 2)
    if before in _JOINTS and (first in _DATE_WORDS or (timed and first[:1].isdigit())):
        return False
    return not (after in _JOINTS and _is_joined(after, _key(words, end + 1), timed=timed))


def _is_joined(joint: str, following: str, *, timed: bool) -> bool:
    if joint == "," and following in {"and", "or"}:
        return True
    number = following[:1].isdigit() and (joint in _LISTS or (joint == "-" and timed))
    return number or following in _DATE_WORDS


def _ends_line(words: Sequence[Word], end: int) -> bool:
    return end == len(words) or (end + 1 == len(words) and words[end].key in _LAST_STOPS)


def _opens(words: Sequence[Word], phrase: DatePhrase) -> bool:
    """Tell whether a line that begins with this date may go on with anything."""
    if phrase.introduction or phrase.nature in _OPENING:
        return True
    return phrase.has_time if phrase.day is not None else phrase.nature is Nature.TIME and words[phrase.start].key == "at"


def _is_placed(words: Sequence[Word], start: int, end: int, goes_on: frozenset[str], *, opens: bool) -> bool:
    """Tell whether the phrase opens the line or stands between parts of the sentence."""
    after = words[end]
    if after.after_token or after.key in _STOPS:
        return True
    if start:
        return after.key in goes_on
    return opens and after.key not in _NEVER_OPENS and not after.text[0].isupper() and not after.key.endswith("'s")


def _is_named(words: Sequence[Word], start: int) -> bool:
    """Tell whether a bare weekday is the second half of a name: `Freaky Friday`, `Black Friday`, `Meatless Monday`."""
    if not start:
        return False
    before, weekday = words[start - 1], words[start]
    if start == 1 and before.lower[:1] == weekday.key[0]:
        return True
    is_name = start > 1 and before.text[0].isupper() and not before.text.isupper() and weekday.text[0].isupper()
    return is_name or _lower(words, start - 1) in _SET_PHRASES


def _key(words: Sequence[Word], at: int) -> str:
    return words[at].key if 0 <= at < len(words) else ""


def _lower(words: Sequence[Word], at: int) -> str:
    return words[at].lower if 0 <= at < len(words) else ""
