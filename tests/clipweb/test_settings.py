"""Settings that cannot work are refused with one line that says what to write instead."""

import os
import subprocess
import sys

import pytest
from django.conf import settings as live

from clipweb import checks
from tests.processes import ROOT


def check(**environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT,
        env={**os.environ, "CLIPWEB_DATA_DIR": str(live.DATA_DIR), **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize(
    ("name", "value", "advice"),
    [
        ("CLIPWEB_PORT", "eighty", "CLIPWEB_PORT='eighty': write a whole number."),
        ("CLIPWEB_PORT", "99999", "CLIPWEB_PORT=99999: must be from 1 to 65535."),
        ("DEBUG", "perhaps", "DEBUG='perhaps': write 1 or 0."),
        ("ENCODER_PRECISION", "int4", "ENCODER_PRECISION='int4': write auto or fp32 or bf16."),
        ("DATABASE_URL", "postgres//nobody:hush@nowhere", "write postgresql://user:password@host:5432/name"),
        ("CLIPWEB_DATA_DIR", "/proc/clipweb", "choose another folder with CLIPWEB_DATA_DIR"),
    ],
)
def test_a_setting_that_cannot_be_read_is_named_in_one_line(name, value, advice):
    refused = check(**{name: value})
    assert refused.returncode == 1
    assert advice in refused.stderr
    assert len(refused.stderr.splitlines()) == 1
    assert "hush" not in refused.stderr


def test_without_any_setting_the_checks_find_no_error():
    assert [message for check in checks.ALL for message in check(None) if message.is_serious()] == []


@pytest.mark.parametrize("url", ["nonsense", "http://host", "redis://", "redis://host:port/0", "unix://"])
def test_an_address_that_is_no_redis_is_an_error_with_a_hint(settings, url):
    settings.REDIS_URL = url
    (message,) = checks.urls_are_well_formed(None)
    assert message.id == "clipweb.E003"
    assert "redis://host:6379/0" in message.hint


@pytest.mark.parametrize("url", ["redis://host", "rediss://u:p@host:6380/1", "unix:///run/valkey.sock"])
def test_addresses_of_redis_are_accepted(settings, url):
    settings.REDIS_URL = url
    assert checks.urls_are_well_formed(None) == []


def test_an_address_that_is_no_encoder_is_an_error(settings):
    settings.ENCODER_URL = "encoder:8001"
    assert [message.id for message in checks.urls_are_well_formed(None)] == ["clipweb.E004"]


def test_a_socket_in_a_folder_with_a_long_path_is_an_error(settings, tmp_path):
    settings.VALKEY_SOCKET = tmp_path / ("x" * 120) / "valkey.sock"
    (message,) = checks.sockets_have_short_paths(None)
    assert message.id == "clipweb.E002"
    assert "CLIPWEB_RUN_DIR" in message.hint


def test_a_folder_that_cannot_be_written_is_an_error(settings, tmp_path):
    settings.DATA_DIR = tmp_path / "gone"  # a folder without the right to write would not keep root out
    assert [message.id for message in checks.folders_are_writable(None)] == ["clipweb.E001"]


def test_missing_weights_are_named_with_the_way_to_get_them(settings, tmp_path):
    settings.WEIGHTS_DIR, settings.CLIP_MODEL, settings.SUPERVISE_ENCODER = tmp_path, "mini", True
    pack = tmp_path / "mini"
    (pack / "clip").mkdir(parents=True)
    (pack / "SHA256SUMS").write_text(
        "00  clip/model.safetensors\n11  clip/config.json\n22  vqgan/config.yaml\n"
    )
    (pack / "clip" / "config.json").write_text("{}")
    messages = checks.weights_are_there(None)
    assert [message.id for message in messages] == [checks.CLIP_MISSING, "clipweb.W002"]
    assert str(pack / "clip" / "model.safetensors") in messages[0].msg
    assert "make pack" in messages[0].hint


def test_a_checkpoint_without_its_yaml_is_an_error(settings, tmp_path):
    settings.VQGAN_CHECKPOINT, settings.VQGAN_CONFIG = str(tmp_path / "last.ckpt"), ""
    assert [message.id for message in checks.files_of_settings_exist(None)] == [
        "clipweb.E005",
        "clipweb.E006",
    ]


def test_a_network_for_enlarging_that_is_not_there_is_an_error(settings, tmp_path):
    settings.VQGAN_CHECKPOINT = settings.VQGAN_CONFIG = ""
    settings.UPSCALER_CHECKPOINT = str(tmp_path / "RealESRGAN_x4plus.pth")
    (message,) = checks.files_of_settings_exist(None)
    assert message.id == "clipweb.E006"
    assert message.msg.startswith("UPSCALER_CHECKPOINT=")
    (tmp_path / "RealESRGAN_x4plus.pth").write_bytes(b"x")
    assert checks.files_of_settings_exist(None) == []


@pytest.mark.parametrize("prefix", ["private-media/", "/private-media", "https://nginx/", "/", "/a b/"])
def test_an_address_that_nginx_cannot_have_is_an_error_with_a_hint(settings, prefix):
    settings.MEDIA_ACCEL_PREFIX = prefix
    (message,) = checks.accel_prefix_is_a_path(None)
    assert (message.id, "/private-media/" in message.hint) == ("clipweb.E008", True)


def test_nginx_cannot_send_what_is_in_an_object_store(settings):
    settings.MEDIA_ACCEL_PREFIX = "/private-media/"
    assert checks.accel_prefix_is_a_path(None) == []
    settings.STORAGES = {**settings.STORAGES, "default": {"BACKEND": "storages.backends.s3.S3Storage"}}
    (message,) = checks.accel_prefix_is_a_path(None)
    assert message.id == "clipweb.E007"
