import uuid

import pytest

from gallery.query import MAX_TERMS, QueryError, Term, as_term, last_words, parse, write

ID = uuid.UUID("3f2b6c1e-0a4d-4c5b-9e8f-7a6b5c4d3e2f")


@pytest.mark.parametrize(
    ("query", "terms"),
    [
        ("a red heart", [Term("a red heart")]),
        ("  a red heart ", [Term("a red heart")]),
        ("2*beach + sunset − people", [Term("beach", 2), Term("sunset"), Term("people", -1)]),
        ("0,5 * beach - 1.5×people", [Term("beach", 0.5), Term("people", -1.5)]),
        ("+cat -dog", [Term("cat"), Term("dog", -1)]),
        ("- dog + cat", [Term("dog", -1), Term("cat")]),
        ("a black-and-white cat", [Term("a black-and-white cat")]),
        ("C++ code", [Term("C++ code")]),
        ("3 cats", [Term("3 cats")]),
        ("stars * stripes", [Term("stars * stripes")]),
        ('"rock + roll" - guitar', [Term("rock + roll"), Term("guitar", -1)]),
        ("2*“rock – roll” + „jazz“", [Term("rock – roll", 2), Term("jazz")]),
        (f"picture:{ID}", [Term(f"picture:{ID}", picture=ID)]),
        (f"snow - 2*Given:{ID.hex}", [Term("snow"), Term(f"Given:{ID.hex}", -2, given=ID)]),
        (f'"picture:{ID}" + picture: a cat', [Term(f"picture:{ID}"), Term("picture: a cat")]),
        ("❤️ + 猫", [Term("❤️"), Term("猫")]),
    ],
)
def test_a_query_is_its_terms(query, terms):
    assert parse(query) == terms


@pytest.mark.parametrize(
    ("query", "position", "reason"),
    [
        ("", 0, "missing here"),
        ("beach +", 6, "after the sign"),
        ("beach + - people", 6, "after the sign"),
        ("beach + 2*", 10, "missing here"),
        ("11*beach", 0, "at most 10"),
        ("beach - 0*sea", 8, "above 0"),
        ('beach + "sea', 8, "never closed"),
        ('"" + sea', 0, "missing here"),
        ('"sea" beach', 6, "plus or a minus"),
        ("-people", 0, "not only"),
        (f"-picture:{ID}", 0, "not only"),
        ("snow + 2*picture:cat", 9, "not the id of a picture"),
        (f"picture:{ID} cat", 0, "not the id of a picture"),
    ],
)
def test_a_query_that_cannot_be_read_points_at_the_character(query, position, reason):
    with pytest.raises(QueryError, match=reason) as caught:
        parse(query)
    assert caught.value.position == position
    assert str(caught.value.message).endswith(f"(at character {position + 1})")


def test_a_mix_has_a_limited_number_of_terms():
    assert len(parse(" + ".join(["a"] * MAX_TERMS))) == MAX_TERMS
    with pytest.raises(QueryError, match="at most eight"):
        parse(" + ".join(["a"] * (MAX_TERMS + 1)))


@pytest.mark.parametrize(
    ("query", "written"),
    [
        ("2*beach + sunset − people", "2*beach + sunset - people"),
        ('-dog + 0,5 * "rock + roll"', '- dog + 0,5 * "rock + roll"'),
        (f"+picture:{ID}  -  2*given:{ID}", f"picture:{ID} - 2*given:{ID}"),
    ],
)
def test_terms_are_written_as_the_query_that_they_came_from(query, written):
    assert write(parse(query)) == written
    assert parse(written) == parse(query)


@pytest.mark.parametrize(
    ("typed", "before", "words"),
    [
        ("", "", ""),
        ("sun", "", "sun"),
        ("2*beach + sun", "2*beach + ", "sun"),
        ("beach - 0,5 * black-and-wh", "beach - 0,5 * ", "black-and-wh"),
        ("beach +", "beach +", ""),
        ("- dog", "- ", "dog"),
        ("3 cats", "", "3 cats"),
    ],
)
def test_the_last_term_of_a_query_is_what_is_being_typed(typed, before, words):
    assert last_words(typed) == (before, words)


@pytest.mark.parametrize(
    "words", ["sunset", "rock + roll", "2*2", "- minus", 'the "best" day', "picture:x", "“quoted"]
)
def test_any_words_can_be_written_as_one_term(words):
    (term,) = parse(as_term(words))
    assert (term.text.replace("'", '"'), term.weight, term.is_words) == (words, 1, True)
