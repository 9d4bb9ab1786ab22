"""The processes of one machine, made from the settings."""

import sys
from functools import partial
from pathlib import Path

from django.conf import settings

from clipweb.supervisor import probes
from clipweb.supervisor.child import Spec
from clipweb.supervisor.orphans import MARK
from clipweb.supervisor.queues import unlock_tasks
from clipweb.supervisor.valkey import server_command
from gallery.serving import known_names

GENERATE_GRACE = 15  # seconds for a job's last step and checkpoint
WS_MESSAGE_BYTES = 4096  # pages send next to nothing over their sockets


def build_specs() -> list[Spec]:
    """In the order of starting; valkey, when it is ours, comes first because the others speak through it."""
    specs = []
    if settings.SUPERVISE_VALKEY:
        specs.append(_valkey())
    specs.append(_web())
    if settings.SUPERVISE_ENCODER:
        specs.append(_encoder())
    return [*specs, _cluster(probes.DEFAULT), _cluster(probes.GENERATE)]


def _environment(**more: str) -> dict[str, str]:
    return {
        "DJANGO_SETTINGS_MODULE": "clipweb.settings",
        "PYTHONPATH": str(settings.BASE_DIR),
        "PYTHONUNBUFFERED": "1",
        MARK: str(settings.DATA_DIR),
        **more,
    }


def _valkey() -> Spec:
    return Spec(
        name="valkey",
        command=server_command(settings.VALKEY_SOCKET),
        environment=_environment(),
        probe=probes.valkey,
        before_start=partial(settings.VALKEY_SOCKET.unlink, missing_ok=True),
        start_seconds=20,
        silent_seconds=15,
        grace_seconds=3,
    )


def _web() -> Spec:
    options = {
        "--host": settings.HOST,
        "--port": str(settings.PORT),
        "--ws": "clipweb.socket_protocol:SocketProtocol",
        "--ws-max-size": str(WS_MESSAGE_BYTES),
        "--ws-per-message-deflate": "false",  # frames are compressed pictures
        "--lifespan": "off",
        "--timeout-graceful-shutdown": "3",
    }
    proxies = settings.TRUSTED_PROXIES
    return Spec(
        name="web",
        command=[
            *(
                sys.executable,
                "-m",
                "uvicorn",
                "clipweb.asgi:application",
                "--no-access-log",
                "--no-server-header",
            ),
            *(part for option in options.items() for part in option),
            *(("--proxy-headers", "--forwarded-allow-ips", ",".join(proxies)) if proxies else ()),
            *(() if proxies else ("--no-proxy-headers",)),
        ],
        environment=_environment(),
        probe=probes.web,
        silent_seconds=30,
    )


def _encoder() -> Spec:
    return Spec(
        name="encoder",
        command=[sys.executable, "-m", "gallery.clip.service", *encoder_arguments()],
        environment=_environment(),
        probe=probes.encoder,
        before_start=partial(settings.ENCODER_SOCKET.unlink, missing_ok=True),
        start_seconds=1800,  # a released model may have to be fetched first
        silent_seconds=60,
    )


def encoder_arguments() -> list[str]:
    """The encoder knows no Django; its settings are its arguments."""
    options: dict[str, str | Path] = {
        "--socket": settings.ENCODER_SOCKET,
        "--model": settings.CLIP_MODEL,
        "--pretrained": settings.CLIP_PRETRAINED,
        "--pack-dir": settings.WEIGHTS_DIR / "mini" / "clip",
        "--threads": str(settings.ENCODER_THREADS),
        "--precision": settings.ENCODER_PRECISION,
    }
    arguments = [str(part) for option in options.items() if option[1] for part in option]
    also = [name for name in known_names() if name != settings.CLIP_NAME]
    return [*arguments, *(part for name in also for part in ("--also", name))]


def _cluster(name: str) -> Spec:
    return Spec(
        name=f"queue-{name}",
        command=[sys.executable, str(settings.BASE_DIR / "manage.py"), "qcluster"],
        environment=_environment(Q_CLUSTER_NAME=name),
        probe=partial(probes.cluster, name),
        before_start=partial(unlock_tasks, name),
        silent_seconds=30,
        grace_seconds=GENERATE_GRACE if name == probes.GENERATE else 8,
    )
