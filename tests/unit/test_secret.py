"""Secrets are not printed, are found where the school file says, and are taken out of every text."""

import base64
import copy
import json
import logging
import pickle
import sys
from urllib.parse import quote, quote_plus

import pytest

from engine.errors import SecretMissing
from engine.secret import Redactor, Secret, read_secret

VALUE = 'p@ss "wörd"/+1'


@pytest.fixture
def redactor():
    made = Redactor()
    made.add(Secret(VALUE), user="ada")
    return made


def test_a_secret_is_never_printed():
    secret = Secret(VALUE)
    texts = [
        repr(secret),
        str(secret),
        f"{secret}",
        f"{secret:>9}",
        f"{secret!r}",
        "{}".format(secret),  # noqa: UP032 - each way of formatting
        repr([secret]),
    ]
    assert texts == ["***"] * 6 + ["[***]"]
    assert secret.reveal() == VALUE


def test_a_secret_cannot_be_pickled_changed_or_hashed_but_copied():
    secret = Secret(VALUE)
    with pytest.raises(TypeError, match="cannot be written"):
        pickle.dumps(secret)
    with pytest.raises(AttributeError, match="cannot be changed"):
        secret.extra = 1
    with pytest.raises(TypeError):
        hash(secret)
    assert copy.deepcopy(secret) is secret
    assert copy.copy(secret) is secret


def test_secrets_are_equal_by_value_and_to_secrets_only():
    assert Secret("é") == Secret("é")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert not Secret("")


@pytest.mark.parametrize(
    "form",
    [
        VALUE,
        quote(VALUE),
        quote(VALUE, safe=""),
        quote_plus(VALUE),
        quote(VALUE, safe="").lower(),
        json.dumps(VALUE)[1:-1],
        json.dumps(VALUE, ensure_ascii=False)[1:-1],
        json.dumps(VALUE)[1:-1].replace("/", "\\/"),
        repr(VALUE)[1:-1],
        base64.b64encode(VALUE.encode()).decode(),
        base64.urlsafe_b64encode(VALUE.encode()).decode(),
        base64.b64encode(f"ada:{VALUE}".encode()).decode(),
    ],
)
def test_every_form_is_redacted(redactor, form):
    assert redactor.redact(f"before {form}; after {form}") == "before ***; after ***"


@pytest.mark.parametrize("user", ["", "x", "xy", "xyz"])
def test_a_basic_header_of_any_user_keeps_the_secret(redactor, user):
    header = base64.b64encode(f"{user}:{VALUE}".encode()).decode()
    redacted = redactor.redact(header)
    assert "***" in redacted
    assert len(redacted.replace("***", "")) <= len(user) * 2 + 8


def test_without_secrets_texts_stay():
    redactor = Redactor()
    redactor.add(Secret(""))
    assert redactor.redact("text") == "text"


def test_of_two_secrets_the_longer_is_taken_first():
    redactor = Redactor()
    redactor.add(Secret("abcd"))
    redactor.add(Secret("abcdefgh"))
    assert redactor.redact("abcdefgh abcd") == "*** ***"


def test_log_records_are_redacted_with_arguments_and_tracebacks(redactor):
    try:
        raise ValueError(f"bad {VALUE}")
    except ValueError:
        record = logging.LogRecord("x", logging.INFO, "f", 1, "got %s", (VALUE,), sys.exc_info(), sinfo=VALUE)
    assert redactor.filter(record)
    text = logging.Formatter("%(message)s").format(record)
    assert text.startswith("got ***\n")
    assert "ValueError: bad ***" in text
    assert VALUE not in text


def test_a_secret_is_read_from_the_environment_or_a_file(tmp_path):
    file = tmp_path / "key"
    file.write_bytes(b"\xef\xbb\xbf s3cret \r\n")
    assert read_secret({"env": "A"}, {"A": "x"}).reveal() == "x"
    assert read_secret({"file": str(file)}, {}).reveal() == " s3cret "


def test_a_missing_secret_says_what_to_type(tmp_path):
    with pytest.raises(SecretMissing) as caught:
        read_secret({"env": "ACME_KEY"}, {})
    assert caught.value.what == "the environment variable ACME_KEY is not set"
    assert caught.value.fix == "export ACME_KEY=..."
    with pytest.raises(SecretMissing, match="ACME_KEY is empty"):
        read_secret({"env": "ACME_KEY"}, {"ACME_KEY": ""})
    with pytest.raises(SecretMissing, match="gone is not there"):
        read_secret({"file": str(tmp_path / "gone")}, {})
    with pytest.raises(SecretMissing, match="cannot be read"):
        read_secret({"file": str(tmp_path)}, {})
    for content, message in [(b"\n", "is empty"), (b"\xff", "not UTF-8"), (b"x" * 70_000, "too large")]:
        (tmp_path / "bad").write_bytes(content)
        with pytest.raises(SecretMissing, match=message):
            read_secret({"file": str(tmp_path / "bad")}, {})
    with pytest.raises(SecretMissing, match="neither"):
        read_secret({"env": "A", "file": "b"}, {"A": "x"})
