"""What has to be right before clipweb can run, each with an id and what to do about it."""

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning

SOCKET_PATH_BYTES = 107  # sun_path in sockaddr_un, less its closing zero
REDIS_SCHEMES = {"redis", "rediss", "unix"}
ENCODER_SCHEMES = {"http", "https", "unix"}
FILES_ON_DISK = "django.core.files.storage.FileSystemStorage"
CLIP_MISSING = "clipweb.W001"  # a warning, because much can be done without; `serve` does not start then
RESTORE = "Restore it with `git checkout -- weights/mini`, or build the pack with `make pack`."


def folders_are_writable(app_configs: Sequence[AppConfig] | None, **options: Any) -> list[CheckMessage]:
    return [
        Error(
            f"{folder} cannot be written to.",
            hint="Give this user the right to, or choose another folder with CLIPWEB_DATA_DIR.",
            id="clipweb.E001",
        )
        for folder in (settings.DATA_DIR, settings.RUN_DIR)
        if not os.access(folder, os.W_OK | os.X_OK)
    ]


def sockets_have_short_paths(app_configs: Sequence[AppConfig] | None, **options: Any) -> list[CheckMessage]:
    return [
        Error(
            f"{socket} is too long for the path of a unix socket ({SOCKET_PATH_BYTES} bytes at most).",
            hint="Choose a folder with a shorter path with CLIPWEB_RUN_DIR, for example /run/clipweb.",
            id="clipweb.E002",
        )
        for socket in (settings.VALKEY_SOCKET, settings.ENCODER_SOCKET)
        if len(os.fsencode(socket)) > SOCKET_PATH_BYTES
    ]


def urls_are_well_formed(app_configs: Sequence[AppConfig] | None, **options: Any) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    if not is_url(settings.REDIS_URL, REDIS_SCHEMES):
        found.append(
            Error(
                f"REDIS_URL={settings.REDIS_URL!r} is not the address of a valkey or Redis server.",
                hint="Write redis://host:6379/0, rediss://… or unix:///path/to/socket, or leave it out.",
                id="clipweb.E003",
            )
        )
    if not is_url(settings.ENCODER_URL, ENCODER_SCHEMES):
        found.append(
            Error(
                f"ENCODER_URL={settings.ENCODER_URL!r} is not the address of an encoder.",
                hint="Write http://host:port or unix:///path/to/socket, or leave it out.",
                id="clipweb.E004",
            )
        )
    return found


def is_url(value: str, schemes: set[str]) -> bool:
    try:
        parts = urlsplit(value)
        _ = parts.port  # raises for one that is not a number
    except ValueError:
        return False
    return parts.scheme in schemes and bool(parts.path if parts.scheme == "unix" else parts.hostname)


def weights_are_there(app_configs: Sequence[AppConfig] | None, **options: Any) -> list[CheckMessage]:
    """That the files exist. Whether they are the right ones is checked by who loads them."""
    found: list[CheckMessage] = []
    pack = settings.WEIGHTS_DIR / "mini"
    if settings.CLIP_MODEL in {"mini", "mini-quick"} and settings.SUPERVISE_ENCODER:
        found += [
            Warning(f"{path} of the CLIP model is missing.", hint=RESTORE, id=CLIP_MISSING)
            for path in missing(pack / "clip")
        ]
    if not settings.VQGAN_CHECKPOINT:
        found += [
            Warning(f"{path} of the studio's VQGAN is missing.", hint=RESTORE, id="clipweb.W002")
            for path in missing(pack / "vqgan")
        ]
    return found


def missing(part: Path) -> list[Path]:
    """What the pack's list of checksums names of one of its parts and is not there."""
    sums = part.parent / "SHA256SUMS"
    if not sums.is_file():
        return [sums]
    names = [line.split(maxsplit=1)[1] for line in sums.read_text().splitlines()]
    listed = [part.parent / name for name in names if name.startswith(f"{part.name}/")]
    return [path for path in listed or [part] if not path.is_file()]


def files_of_settings_exist(app_configs: Sequence[AppConfig] | None, **options: Any) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    if bool(settings.VQGAN_CHECKPOINT) != bool(settings.VQGAN_CONFIG):
        found.append(
            Error(
                "VQGAN_CHECKPOINT and VQGAN_CONFIG go together.",
                hint="Name both the checkpoint and the yaml that came with it, or neither.",
                id="clipweb.E005",
            )
        )
    for name in ("VQGAN_CHECKPOINT", "VQGAN_CONFIG", "UPSCALER_CHECKPOINT"):
        value = getattr(settings, name)
        if value and not Path(value).is_file():
            found.append(
                Error(f"{name}={value!r} is not a file.", hint="Give its whole path.", id="clipweb.E006")
            )
    return found


def accel_prefix_is_a_path(app_configs: Sequence[AppConfig] | None, **options: Any) -> list[CheckMessage]:
    prefix = settings.MEDIA_ACCEL_PREFIX
    if not prefix:
        return []
    if settings.STORAGES["default"]["BACKEND"] != FILES_ON_DISK:
        return [
            Error(
                "MEDIA_ACCEL_PREFIX is for files on disk, and the pictures are in an object store.",
                hint="Leave out either MEDIA_ACCEL_PREFIX or S3_BUCKET.",
                id="clipweb.E007",
            )
        ]
    if not re.fullmatch(r"/([\w.-]+/)+", prefix):
        hint = "Write the address of nginx's internal location, for example /private-media/."
        return [Error(f"MEDIA_ACCEL_PREFIX={prefix!r} is no such address.", hint=hint, id="clipweb.E008")]
    return []


ALL = (
    folders_are_writable,
    sockets_have_short_paths,
    urls_are_well_formed,
    weights_are_there,
    files_of_settings_exist,
    accel_prefix_is_a_path,
)
