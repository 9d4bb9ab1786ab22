import pytest

from gallery.clip.prompts import fill, without_article


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("cat", "a photo of a cat."),
        ("owl", "a photo of an owl."),
        ("Elephant", "a photo of an Elephant."),
        ("hour glass", "a photo of an hour glass."),
        ("unicorn", "a photo of a unicorn."),
        ("umbrella", "a photo of an umbrella."),
        ("one-eyed pirate", "a photo of a one-eyed pirate."),
        ("a red heart", "a photo of a red heart."),
        ("an owl", "a photo of an owl."),
        ("the moon", "a photo of the moon."),
        ("Two dogs", "a photo of Two dogs."),
        ("3 apples", "a photo of 3 apples."),
        ("", "a photo of a ."),
    ],
)
def test_the_article_of_the_sentence_fits_the_label(label, expected):
    assert fill("a photo of a {}.", label) == expected


@pytest.mark.parametrize("template", ["{}", "drawings of {}", "media {}", "ett foto av en {}"])
def test_a_sentence_without_an_english_article_is_left_as_it_is(template):
    assert fill(template, "an owl") == template.replace("{}", "an owl")


def test_braces_in_a_label_are_only_text():
    assert fill("a photo of a {}", "{0.__class__}") == "a photo of a {0.__class__}"


@pytest.mark.parametrize(
    ("label", "expected"),
    [("a red heart", "red heart"), ("An owl", "owl"), ("the", "the"), ("an", "an"), ("two dogs", "two dogs")],
)
def test_an_article_is_no_part_of_a_name(label, expected):
    assert without_article(label) == expected
