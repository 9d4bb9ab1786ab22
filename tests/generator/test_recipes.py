"""The recipe in a picture's file: written twice, read back under limits, and left out on request."""

import io
import json
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest
from django.core.files.base import ContentFile
from django.urls import reverse
from PIL import Image as Pillow
from PIL.PngImagePlugin import PngInfo

from gallery.models import Image
from gallery.uploads import store_image
from generator import recipes
from generator.engine.settings import GenerateSettings
from generator.models import Job
from tests.gallery.drawing import encoded, noise, png
from tests.generator.wishes import ask

PIXELS = np.random.default_rng(0).integers(0, 256, (64, 96, 3), dtype=np.uint8)
RECIPE = GenerateSettings(prompt='a <red> heart & "lace" | ros\uffff ❤️:0.5', seed=7, steps=24, cutouts=9)


def made(recipe: GenerateSettings = RECIPE) -> bytes:
    return recipes.encode_picture(PIXELS, recipe=recipe, clip="tiny", step=20)


def noted(**notes: str) -> io.BytesIO:
    """A PNG with these text chunks; `xmp` for the one of that name."""
    info = PngInfo()
    for name, text in notes.items():
        info.add_itxt(recipes.XMP_KEYWORD if name == "xmp" else name, text, zip=True)
    return io.BytesIO(encoded(noise(), pnginfo=info))


def notes_of(content: bytes) -> dict[str, str]:
    with Pillow.open(io.BytesIO(content)) as picture:
        return dict(picture.text)


def test_a_recipe_is_read_back_as_it_was_written():
    recipe = recipes.read_recipe(io.BytesIO(made()))
    assert recipe.settings == RECIPE
    assert recipe.unknown == ()


def test_the_number_of_threads_stays_where_it_belongs():
    recipe = recipes.read_recipe(io.BytesIO(made(replace(RECIPE, threads=64))))
    assert recipe.settings.threads == GenerateSettings.threads


def test_xmp_alone_says_the_same_also_when_another_program_has_written_it_anew():
    packet = notes_of(made())[recipes.XMP_KEYWORD]
    assert recipes.read_recipe(noted(xmp=packet)).settings == RECIPE
    before, rest = packet.split("<clipweb:recipe>")
    value, after = rest.split("</clipweb:recipe>")
    attribute = f" x:recipe='{value}' xmlns:x='{recipes.NAMESPACE}'>\n<dc:description"
    rewritten = before.replace(">\n<dc:description", attribute) + after
    assert recipes.read_recipe(noted(xmp=rewritten)).settings == RECIPE


def test_other_programs_find_the_words_in_the_description():
    root = ElementTree.fromstring(notes_of(made())[recipes.XMP_KEYWORD])
    purl, rdf = "{http://purl.org/dc/elements/1.1/}", "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
    (item,) = root.findall(f".//{purl}description/{rdf}Alt/{rdf}li")
    assert item.text == RECIPE.prompt.replace("\uffff", "\ufffd")


def test_settings_that_there_are_not_are_named_and_left_out():
    text = json.dumps({"prompt": "an owl", "clip": "x", "stopped_at": 3, "zebra": 1, "brush": [2]})
    recipe = recipes.read_recipe(noted(clipweb=text))
    assert recipe.unknown == ("brush", "zebra")
    assert recipe.settings == GenerateSettings(prompt="an owl")


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[" * 60_000,
        '"an owl"',
        "{}",
        '{"prompt": ""}',
        '{"prompt": ["an owl"]}',
        '{"prompt": "an owl", "steps": 1e999}',
        '{"prompt": "an owl", "steps": 5000}',
        '{"prompt": "an owl", "width": "128"}',
        '{"prompt": "an owl", "quantise": 1}',
        '{"prompt": "an owl", "cutouts": ' + "9" * 400 + "}",
        '{"prompt": "an owl", "augmentation": NaN}',
        '{"prompt": "an owl", "x": "' + "y" * recipes.MAX_CHARACTERS + '"}',
    ],
)
def test_what_the_engine_would_not_take_is_broken(text):
    with pytest.raises(recipes.BrokenRecipe):
        recipes.read_recipe(noted(clipweb=text))


BOMB = '<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;">]><a>&c;</a>'


@pytest.mark.parametrize("xmp", ["", "<a", "<a/>", BOMB, "<a>" + "b" * 200_000 + "</a>"])
def test_other_notes_are_no_recipe(xmp):
    with pytest.raises(recipes.NoRecipe):
        recipes.read_recipe(noted(Description="an owl", xmp=xmp))


def test_only_a_png_is_asked_for_its_recipe():
    content = encoded(noise(), "JPEG", comment=notes_of(made())["clipweb"])
    with pytest.raises(recipes.NoRecipe):
        recipes.read_recipe(io.BytesIO(content))


@pytest.fixture
def image(alice) -> Image:
    file = ContentFile(made(), name="made.png")
    image = store_image(owner=alice, file=file, title="a red heart", origin=Image.Origin.GENERATED)
    Job.objects.filter(pk=ask(alice).pk).update(state=Job.State.DONE, image=image)
    return image


def address(image: Image) -> str:
    return reverse("gallery:original", args=[image.pk])


def test_on_request_a_picture_comes_without_its_recipe_and_with_the_same_pixels(client, alice, image):
    client.force_login(alice)
    page = client.get(image.get_absolute_url()).content.decode()
    assert f"{address(image)}?plain&amp;download" in page
    answer = client.get(address(image), {"plain": "", "download": ""})
    assert answer["Content-Type"] == "image/png"
    assert answer["Content-Disposition"] == 'attachment; filename="a-red-heart.png"'
    with Pillow.open(io.BytesIO(answer.content)) as picture:
        assert (np.asarray(picture) == PIXELS).all()
        assert picture.info == {}
    whole = client.get(address(image))
    assert answer["ETag"] != whole["ETag"]
    unchanged = client.get(address(image), {"plain": ""}, headers={"if-none-match": answer["ETag"]})
    assert unchanged.status_code == 304


def test_the_picture_without_its_recipe_is_as_private_as_the_other(client, bob, image):
    client.force_login(bob)
    assert client.get(address(image), {"plain": ""}).status_code == 404


def test_an_uploaded_picture_has_no_such_file(client, alice):
    client.force_login(alice)
    assert client.get(address(store_image(owner=alice, file=png())), {"plain": ""}).status_code == 404
