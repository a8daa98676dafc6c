import pytest

from todo_api.security.keyring import KeyRing, Secret

NEW = Secret("new", b"n" * 32)
OLD = Secret("old", b"o" * 32)


def test_current_is_the_newest() -> None:
    assert KeyRing([NEW, OLD]).current is NEW


@pytest.mark.parametrize(("id_", "found"), [("new", NEW), ("old", OLD), ("other", None), ("", None)])
def test_find_gives_the_secret_of_an_id(id_: str, found: Secret | None) -> None:
    assert KeyRing([NEW, OLD]).find(id_) is found


def test_all_lists_the_newest_first() -> None:
    assert KeyRing([NEW, OLD]).all() == (NEW, OLD)


def test_replace_forgets_what_was_there() -> None:
    ring = KeyRing([OLD])

    ring.replace([NEW])

    assert (ring.current, ring.find("old"), ring.all()) == (NEW, None, (NEW,))


def test_replace_reads_an_iterator_once() -> None:
    ring = KeyRing()

    ring.replace(iter([NEW, OLD]))

    assert (ring.all(), ring.find("old")) == ((NEW, OLD), OLD)


def test_new_ring_is_empty() -> None:
    assert KeyRing().all() == ()


def test_subkey_is_hmac_sha256_of_the_purpose() -> None:
    expected = "8f84ad8f9e5b6614540eaa47347426cc98b2374ccc38bdb3d22a94152e83d1be"

    assert NEW.subkey("cursor").hex() == expected


def test_subkeys_of_two_purposes_differ() -> None:
    assert NEW.subkey("cursor") != NEW.subkey("access-token")


def test_subkeys_of_two_secrets_differ() -> None:
    assert NEW.subkey("cursor") != OLD.subkey("cursor")
