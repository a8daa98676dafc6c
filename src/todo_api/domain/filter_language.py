"""The grammar of filters: text to tree."""

from collections.abc import Callable
from typing import Final, TypeVar

from todo_api.domain.filter_fields import FIELDS, Kind
from todo_api.domain.filter_syntax import MAX_DEPTH, MAX_TERMS, RESERVED, FilterSyntaxError, Token, TokenKind, tokenize
from todo_api.domain.filter_tree import And, Compare, Field, Filter, Flag, IsNull, Member, Missing, Not, Operator, Or, Value, Word
from todo_api.domain.filter_values import read_value

_Node = TypeVar("_Node")

_EQUALITIES: Final = ("=", "!=", ":")
_OPERATORS: Final = frozenset({*_EQUALITIES, "<", "<=", ">", ">="})


def parse(text: str) -> Filter:
    r"""Read the filter a text says; raise FilterSyntaxError, and nothing else, where it says none.

    Words of the language are written in any case; `and` binds tighter than `or`, `not` tighter than both:

        filter  = all { "or" all }
        all     = one { "and" one }
        one     = "not" one | "(" filter ")" | term
        term    = field [ operator value | ["not"] "in" "(" value { "," value } ")" | "is" ["not"] "null" ]
        value   = word | "…" | '…'        quotes hold anything; escapes are \" \' \\ \n \t
        time    = anchor [shift] | shift | date | date "T" time [zone]
        shift   = ("+" | "-") digits ("min" | "h" | "d" | "w" | "mo" | "y")

    Texts of one meaning give one tree: `!=` is Not, `due:none` is IsNull, `overdue:false` is Not(Flag), `+3d` is `today+3d`.
    """
    return _Parser(tokenize(text)).whole()


class _Parser:
    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._index = 0
        self._depth = 0
        self._terms = 0

    def whole(self) -> Filter:
        tree = self._any()
        if self._peek().kind is not TokenKind.END:
            raise self._leftover("the end")
        return tree

    def _peek(self) -> Token:
        return self._tokens[self._index]

    def _next(self) -> Token:
        token = self._tokens[self._index]
        self._index = min(self._index + 1, len(self._tokens) - 1)  # END is never passed
        return token

    def _accept(self, written: str) -> bool:
        token = self._peek()
        if written not in {token.word, token.symbol}:
            return False
        self._next()
        return True

    def _expect(self, *written: str, message: str) -> None:
        if not any(map(self._accept, written)):
            raise self._peek().error(f"{message}, not {self._peek()}.", written)

    def _leftover(self, last: str) -> FilterSyntaxError:
        token = self._peek()
        message = f"After a condition comes `and`, `or` or {last}, not {token}."
        if token.word[:1].isdigit():
            message += " In a URL, `+` is written `%2B`."
        return token.error(message, ("and", "or", last))

    def _any(self) -> Filter:
        items = self._series("or", self._all)
        return items[0] if len(items) == 1 else Or(tuple(items))

    def _all(self) -> Filter:
        items = self._series("and", self._one)
        return items[0] if len(items) == 1 else And(tuple(items))

    def _series(self, word: str, item: Callable[[], _Node]) -> list[_Node]:
        items = [item()]
        while self._accept(word):
            items.append(item())
        return items

    def _one(self) -> Filter:
        token = self._peek()
        if token.word == "not":
            return Not(self._nested(self._one))
        if token.symbol == "(":
            return self._nested(self._group)
        return self._term()

    def _nested(self, inside: Callable[[], Filter]) -> Filter:
        token = self._next()
        if self._depth == MAX_DEPTH:
            raise token.error(f"Parentheses and `not` nest at most {MAX_DEPTH} deep.")
        self._depth += 1
        tree = inside()
        self._depth -= 1
        return tree

    def _group(self) -> Filter:
        tree = self._any()
        if not self._accept(")"):
            raise self._leftover(")")
        return tree

    def _term(self) -> Filter:
        token = self._next()
        self._count(token)
        field = _field(token)
        if self._peek().symbol in _OPERATORS:
            return self._comparison(field)
        if self._peek().word == "is":
            return self._null(field)
        if self._peek().word == "not" and self._tokens[self._index + 1].word == "in":
            self._next()
            return Not(self._membership(field))
        if self._peek().word == "in":
            return self._membership(field)
        if FIELDS[field].stands_alone:
            return Flag(field)
        raise self._peek().error(f"`{field}` needs an operator, not {self._peek()}.", FIELDS[field].operators)

    def _count(self, token: Token) -> None:
        self._terms += 1
        if self._terms > MAX_TERMS:
            raise token.error(f"A filter has at most {MAX_TERMS} conditions, counting each value of `in`.")

    def _allowed(self, field: Field, operator: str, token: Token) -> None:
        rule = FIELDS[field]
        if operator not in rule.operators:
            hint = " It is never missing." if operator == "is null" else ""
            raise token.error(f"`{field}` does not take `{operator}`.{hint}", rule.operators)

    def _comparison(self, field: Field) -> Filter:
        symbol = self._next()
        self._allowed(field, symbol.symbol, symbol)
        token = self._next()
        if flag := _truth(field, symbol, token):
            return flag
        value = read_value(field, token)
        if symbol.symbol == ":" and FIELDS[field].kind is Kind.TEXT:
            return Compare(field, Operator.CONTAINS, value)
        if symbol.symbol in _EQUALITIES:
            return Not(_equal(field, value)) if symbol.symbol == "!=" else _equal(field, value)
        if isinstance(value, Missing):
            raise symbol.error(f"Nothing is {symbol} a missing value.", _EQUALITIES)
        return Compare(field, Operator(symbol.symbol), value)

    def _null(self, field: Field) -> Filter:
        self._allowed(field, "is null", self._next())
        negated = self._accept("not")
        wanted = ("null",) if negated else ("null", "not null")
        if not self._accept("null"):
            raise self._peek().error(f"After `is` comes {' or '.join(wanted)}, not {self._peek()}.", wanted)
        return Not(IsNull(field)) if negated else IsNull(field)

    def _membership(self, field: Field) -> Filter:
        self._allowed(field, "in", self._next())
        self._expect("(", message="`in` is followed by values in parentheses")
        values = [read_value(field, self._next())]
        while not self._accept(")"):
            self._expect(",", ")", message="Values are separated by commas and end with a parenthesis")
            self._count(self._peek())
            values.append(read_value(field, self._next()))
        return _equal(field, values[0]) if len(values) == 1 else Member(field, tuple(values))


def _field(token: Token) -> Field:
    if token.word in set(Field):
        return Field(token.word)
    message = (
        f"{token} is not a field."
        if token.word and token.word not in RESERVED
        else f"A condition begins with a field, not {token}."
    )
    raise token.error(message, (*Field, "not", "("))


def _equal(field: Field, value: Value) -> Filter:
    return IsNull(field) if isinstance(value, Missing) else Compare(field, Operator.EQUAL, value)


def _truth(field: Field, symbol: Token, token: Token) -> Filter | None:
    rule = FIELDS[field]
    if not rule.stands_alone or (rule.kind is not Kind.FLAG and token.word not in {"true", "false"}):
        return None
    value = read_value(field, token) if rule.kind is Kind.FLAG else Word(token.word)
    if symbol.symbol not in _EQUALITIES:
        raise symbol.error("True and false have no order.", _EQUALITIES)
    return Flag(field) if (value == Word("true")) is (symbol.symbol != "!=") else Not(Flag(field))
