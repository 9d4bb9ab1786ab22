"""The web process stays light: torch lives in the encoder and in the workers that make pictures."""

import subprocess
import sys

import pytest
from django.conf import settings


def loaded_after(code: str, *, heavy: str) -> str:
    """The modules named in `heavy` (comma-separated) that a fresh interpreter has loaded after `code`."""
    check = f"import sys; print(','.join(name for name in {heavy.split(',')!r} if name in sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{check}"],
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def test_the_web_process_does_not_load_torch():
    code = (
        "import clipweb.asgi, clipweb.urls, gallery.admin, gallery.search, gallery.zeroshot\n"
        "from django.test import Client\n"
        "from django.urls import get_resolver\n"
        "get_resolver().url_patterns"
    )
    assert loaded_after(code, heavy="torch,open_clip,timm,transformers,torchvision") == ""


def test_neither_pages_nor_tasks_load_what_lays_out_a_map():
    code = (
        "import clipweb.asgi, clipweb.urls, gallery.tasks\n"
        "from django.urls import get_resolver\n"
        "get_resolver().url_patterns"
    )
    assert loaded_after(code, heavy="sklearn,scipy,joblib") == ""


def test_the_process_that_lays_out_a_map_loads_no_django():
    code = "import gallery.map.process, gallery.map.layout"
    assert loaded_after(code, heavy="django,channels,torch,httpx") == ""


def test_the_task_module_does_not_load_torch():
    code = (
        "import os, django\n"
        "os.environ['DJANGO_SETTINGS_MODULE'] = 'clipweb.settings'\n"
        "django.setup()\n"
        "import gallery.tasks"
    )
    assert loaded_after(code, heavy="torch,open_clip,timm,transformers") == ""


@pytest.mark.parametrize(
    "module", ["gallery.clip.service", "gallery.clip.model", "gallery.clip.batching", "gallery.clip.zeroshot"]
)
def test_the_encoder_does_not_load_django(module):
    assert loaded_after(f"import {module}", heavy="django,channels,django_q") == ""


def test_a_decoder_process_loads_nothing_but_pillow():
    heavy = "django,channels,torch,httpx"
    assert loaded_after("import gallery.decoder.process", heavy=heavy) == ""
