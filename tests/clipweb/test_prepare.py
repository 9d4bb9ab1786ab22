import io
import re

import pytest
from django.core.management import call_command
from django_q.models import Schedule

from gallery.models import Image, User

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def static_folder(settings, tmp_path):
    settings.STATIC_ROOT = tmp_path / "static"
    return settings.STATIC_ROOT


def prepare(*arguments: str) -> str:
    said = io.StringIO()
    call_command("prepare", *arguments, stdout=said)
    return said.getvalue()


def test_the_first_admin_gets_a_password_that_is_told_once(settings):
    settings.ADMIN_PASSWORD = ""
    said = prepare("--without-demo")
    told = re.search(r"name (\S+), password (\S+) ", said)
    assert told
    admin = User.objects.get(username=told[1])
    assert admin.is_superuser
    assert admin.check_password(told[2])
    assert "password" not in prepare("--without-demo")


def test_the_first_admin_gets_the_password_of_the_settings_and_it_is_not_told(settings):
    settings.ADMIN_USERNAME, settings.ADMIN_PASSWORD = "boss", "correct horse battery"
    assert settings.ADMIN_PASSWORD not in prepare("--without-demo")
    assert User.objects.get(username="boss").check_password(settings.ADMIN_PASSWORD)


def test_the_demo_gallery_is_filled_once():
    prepare()
    pictures = Image.objects.public().count()
    assert pictures > 0
    prepare()
    assert Image.objects.count() == pictures


def test_upkeep_is_scheduled_once_however_often_prepare_runs():
    prepare("--without-demo")
    prepare("--without-demo")
    for function in ("clipweb.upkeep.run", "gallery.tasks.purge_trash"):
        assert Schedule.objects.filter(func=function, repeats=-1).count() == 1


def test_static_files_are_collected_again_only_when_they_changed(settings, static_folder, tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    (source / "one.css").write_text("a { color: red }")
    settings.STATICFILES_DIRS = [source]
    assert "static files collected" in prepare("--without-demo")
    assert (static_folder / "one.css").exists()
    assert "static files collected" not in prepare("--without-demo")
    (source / "two.css").write_text("b { color: red }")
    assert "static files collected" in prepare("--without-demo")
    assert (static_folder / "two.css").exists()
