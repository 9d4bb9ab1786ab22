"""The Swedish translation is complete, current, and compiled; nothing here needs gettext but one test."""

import ast
import gettext
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

FOLDER = settings.BASE_DIR / "locale" / "sv" / "LC_MESSAGES"
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w+\}|</?\w+>")


def text_of(block: str) -> str:
    return "".join(ast.literal_eval(line) for line in re.findall(r'"(?:[^"\\]|\\.)*"', block))


def read_po(path: Path) -> dict[str, list[str]]:
    """{msgid: [one translation, or one for each plural form]}"""
    entries = {}
    for entry in path.read_text(encoding="utf-8").strip().split("\n\n"):
        message = re.search(r"^msgid (.*?)(?=^msgstr|^msgid_plural)", entry, re.DOTALL | re.MULTILINE)
        if message and (key := text_of(message[1])):
            parts = re.split(r"^msgstr(?:\[\d\])? ", entry, flags=re.MULTILINE)[1:]
            entries[key] = [text_of(part) for part in parts]
    return entries


@pytest.fixture(scope="module")
def messages() -> dict[str, list[str]]:
    return read_po(FOLDER / "django.po")


def test_every_message_is_translated_and_none_is_a_guess(messages):
    assert len(messages) > 300
    assert [key for key, texts in messages.items() if not all(texts)] == []
    assert "fuzzy" not in (FOLDER / "django.po").read_text(encoding="utf-8")


def test_the_compiled_file_says_what_the_source_says(messages):
    with (FOLDER / "django.mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    for key, texts in messages.items():
        numbers = [1, 2] if len(texts) > 1 else [1]
        for number, text in zip(numbers, texts, strict=True):
            found = compiled.ngettext(key, key, number) if len(texts) > 1 else compiled.gettext(key)
            assert found == text, f"{key!r}: run `make messages`"


def test_placeholders_and_markup_survive_translation(messages):
    for key, texts in messages.items():
        for text in texts:
            assert sorted(PLACEHOLDER.findall(text)) == sorted(PLACEHOLDER.findall(key)), key


def test_no_text_of_the_code_is_missing(messages, tmp_path):
    if not shutil.which("xgettext"):
        assert not os.environ.get("CI"), "gettext is not installed"
        pytest.skip("gettext is not installed")
    for part in ("clipweb", "gallery", "generator", "templates", "locale"):
        shutil.copytree(
            settings.BASE_DIR / part, tmp_path / part, ignore=shutil.ignore_patterns("*.mo", "__pycache__")
        )
    command = [sys.executable, "-m", "django", "makemessages", "-l", "sv", "--no-wrap", "--no-obsolete"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, env=without_settings())
    extracted = read_po(tmp_path / "locale" / "sv" / "LC_MESSAGES" / "django.po")
    assert set(extracted) == set(messages), "run `make messages` and translate what is new"


def without_settings() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}


def test_scripts_hold_no_sentences_of_their_own():
    """What a script shows comes from data- attributes of its template, where it is translated."""
    shown = re.compile(
        r"""(?:textContent|innerText|title|placeholder|ariaLabel)\s*=\s*["'`](?=[^"'`$]*[A-Za-z]{2})|\balert\("""
    )
    for script in (settings.BASE_DIR / "static" / "js").glob("*.js"):
        assert not shown.search(script.read_text(encoding="utf-8")), script.name


def test_a_swedish_page_is_swedish(client, db):
    page = client.get("/explore/", headers={"accept-language": "sv"}).content.decode()
    assert '<html lang="sv">' in page
    assert "Upptäck" in page
    assert "Explore" not in page
