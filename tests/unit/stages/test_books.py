"""The books of a read: pages full before the last, the stated total reached, changes told."""

from pathlib import Path

import pytest

from engine.errors import AnswerUnreadable
from engine.stages.answer import Answer, Seen, page_ranges
from engine.stages.books import Books


def page(number, records, last=3, total=120, digest=None):
    seen = Seen(records, digest=digest or f"d{number}")
    return Answer("x", number, Path("x"), 1, {"s": seen}, last, total)


def books(size=50, counted=("s",), first=1):
    told = []
    kept = Books("x", counted, first, size, told.append)
    return kept, told


def entered(kept, *answers):
    for answer in answers:
        kept.check(answer)
    kept.close()


def test_full_pages_and_the_rest_add_up_in_any_order():
    kept, told = books()
    entered(kept, page(1, 50), page(3, 20), page(2, 50))
    assert (kept.last, told) == (3, [])


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (page(2, 0), "page-short"),
        (page(2, 49), "page-short"),
        (page(2, 51), "page-long"),
        (page(3, 19), "page-short"),
        (page(3, 21), "page-long"),
        (page(2, 50, digest="d1"), "page-loop"),
    ],
)
def test_a_page_that_does_not_fit_leaves_the_books_as_they_were(answer, code):
    kept, _ = books()
    kept.check(page(1, 50))
    with pytest.raises(AnswerUnreadable, match=f"page {answer.page}") as caught:
        kept.check(answer)
    assert caught.value.code == code
    kept.check(page(2, 50))
    kept.check(page(3, 20))
    kept.close()


def test_a_first_page_that_does_not_fit_may_be_asked_for_again():
    kept, _ = books()
    with pytest.raises(AnswerUnreadable):
        kept.check(page(1, 0))
    entered(kept, page(1, 50), page(2, 50), page(3, 20))


def test_an_answer_that_says_it_is_another_page_is_a_loop():
    kept, _ = books()
    with pytest.raises(AnswerUnreadable, match="says it is page 2"):
        kept.check(page(1, 50), stated_page=2)


def test_an_answer_must_say_how_many_pages_there_are():
    kept, _ = books()
    with pytest.raises(AnswerUnreadable, match="how many pages"):
        kept.check(page(1, 50, last=None))


def test_a_source_may_keep_to_its_own_page_size():
    kept, told = books(size=1000)
    entered(kept, page(1, 50), page(2, 50), page(3, 20))
    assert [event.kind for event in told] == ["page-size"]
    assert kept.doubtful


def test_without_a_size_only_empty_pages_and_totals_tell():
    kept, _ = books(size=None)
    with pytest.raises(AnswerUnreadable):
        kept.check(page(1, 0))
    entered(kept, page(1, 70), page(2, 49), page(3, 1))


@pytest.mark.parametrize("records", [0, 119])
def test_a_total_that_is_not_reached_is_an_error(records):
    kept, _ = books(size=None)
    kept.check(page(1, records, last=1))
    with pytest.raises(AnswerUnreadable, match=f"{records} records of 's' were read, 120 are stated"):
        kept.close()


def test_no_records_at_all():
    for last in (0, 1):
        kept, _ = books()
        entered(kept, page(1, 0, last=last, total=0))
    kept, _ = books(size=None)
    entered(kept, page(1, 0, last=1, total=None))


def test_pages_may_be_counted_from_zero():
    kept, _ = books(first=0)
    entered(kept, page(0, 50, last=2), page(1, 50, last=2), page(2, 20, last=2))


def test_a_change_is_told_once_and_taken_when_the_books_add_up():
    kept, told = books()
    entered(kept, page(1, 50), page(2, 50, total=110), page(3, 10, total=110))
    assert [event.kind for event in told] == ["changed"]


def test_a_change_that_does_not_add_up_is_an_error():
    kept, _ = books()
    kept.check(page(1, 50))
    kept.check(page(2, 50, total=121))
    kept.check(page(3, 20, total=121))
    with pytest.raises(AnswerUnreadable, match="120 records") as caught:
        kept.close()
    assert caught.value.why == "the data changed while it was read"


def test_more_pages_than_at_first_are_an_error():
    kept, told = books()
    kept.check(page(1, 50, total=None))
    kept.check(page(2, 50, last=4, total=None))
    kept.check(page(3, 20, last=4, total=None))
    with pytest.raises(AnswerUnreadable, match="the number of pages changed"):
        kept.close()
    assert len(told) == 1


def test_a_later_page_that_says_nothing_is_no_change():
    kept, told = books()
    entered(kept, page(1, 50), page(2, 50, last=None, total=None), page(3, 20, last=1, total=None))
    assert told == []


def test_sets_that_are_not_counted_are_not_in_the_books():
    kept, _ = books(counted=())
    entered(kept, page(1, 1, digest="d"), page(2, 0), page(3, 1, digest="d"))


def test_pages_in_words():
    assert page_ranges([7]) == "page 7"
    assert page_ranges([3, 1, 2, 9]) == "pages 1-3, 9"


def test_without_a_stated_end_pages_are_read_until_one_is_empty_or_shorter():
    kept = Books("x", ("s",), 1, 50, [].append, stated=False)
    for answer in (page(1, 20, None, None), page(2, 20, None, None)):
        kept.check(answer)
        assert not kept.ended, "20 where 50 were asked for: the source may give no more at once"
    kept.check(page(3, 7, None, None))
    assert (kept.ended, kept.last) == (True, 3)
    kept.close()


@pytest.mark.parametrize(("records", "last"), [([0], 1), ([5, 0], 2), ([5, 5, 0], 3), ([5, 4], 2)])
def test_without_a_stated_end_nothing_comes_after_the_end(records, last):
    kept = Books("x", ("s",), 1, 5, [].append, stated=False)
    ends = []
    for number, count in enumerate(records, 1):
        kept.check(page(number, count, None, None))
        ends.append(kept.ended)
    assert ends == [False] * (last - 1) + [True]


def test_without_a_stated_end_a_source_that_gives_the_same_page_for_ever_is_found_out():
    kept = Books("x", ("s",), 1, 5, [].append, stated=False)
    kept.check(page(1, 5, None, None, digest="same"))
    with pytest.raises(AnswerUnreadable, match="page 2"):
        kept.check(page(2, 5, None, None, digest="same"))
