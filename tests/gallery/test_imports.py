"""What is rarely needed, or is to stay small, is loaded only where it is used."""

import subprocess
import sys

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


def test_a_decoder_process_loads_nothing_but_pillow():
    heavy = "django,channels,torch,httpx"
    assert loaded_after("import gallery.decoder.process", heavy=heavy) == ""
