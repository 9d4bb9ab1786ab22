"""The web process and the supervisor never load torch; the packages that use torch know no Django."""

import subprocess
import sys

import pytest
from django.conf import settings

from tests.processes import ROOT

WEB = """
import clipweb.asgi
from django.urls import get_resolver
get_resolver().url_patterns  # every view
from generator import admin, checkpoints, forms, jobs, routing, runner, tasks
from gallery import admin, search, tasks, zeroshot
"""
SUPERVISOR = """
import django; django.setup()
from django.core.management import load_command_class
load_command_class("clipweb", "serve"), load_command_class("clipweb", "prepare")
from clipweb.supervisor.specs import build_specs; build_specs()
from django.utils.module_loading import import_string
from clipweb.upkeep import STEPS
[import_string(step) for step in STEPS]
"""
QUEUE = """
import django; django.setup()
from django.core.management import load_command_class
load_command_class("clipweb", "qcluster"), load_command_class("clipweb", "train_clip")
from generator import tasks
from gallery import tasks
"""
EVERY_MODULE = """
import importlib, pkgutil
for name in ("gallery.clip", "gallery.training", "generator.engine"):
    package = importlib.import_module(name)
    for module in pkgutil.walk_packages(package.__path__, name + "."):
        importlib.import_module(module.name)
"""
LIST = "\nimport sys; print(*{name.split('.')[0] for name in sys.modules})"


def modules_after(program: str) -> set[str]:
    """Top-level names in sys.modules of a fresh interpreter that ran `program`."""
    finished = subprocess.run(
        [sys.executable, "-c", program + LIST],
        cwd=ROOT,
        env={"DJANGO_SETTINGS_MODULE": "clipweb.settings", "CLIPWEB_DATA_DIR": str(settings.DATA_DIR)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert finished.returncode == 0, finished.stderr
    return set(finished.stdout.split())


@pytest.mark.parametrize("program", [WEB, SUPERVISOR, QUEUE], ids=["web", "supervisor", "queue"])
def test_torch_is_not_loaded_where_no_model_runs(program):
    loaded = modules_after(program)
    assert "django" in loaded
    assert not loaded & {"torch", "torchvision", "open_clip", "timm", "transformers", "taming"}


def test_the_packages_that_use_torch_know_no_django():
    loaded = modules_after(EVERY_MODULE)
    assert "torch" in loaded
    assert not loaded & {"django", "channels", "django_q", "allauth"}
