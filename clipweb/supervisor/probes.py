"""How the supervisor and the health page ask each process whether it works. None takes more than seconds."""

import socket
from datetime import timedelta

import httpx
from django.conf import settings
from django.db import Error as DatabaseError
from django.utils import timezone
from django_q.models import OrmQ, Task
from django_q.status import Stat

from clipweb.queue_cluster import QueueStat
from clipweb.supervisor.child import NotAnsweringError
from clipweb.supervisor.valkey import is_answering
from gallery.models import serving_model
from generator.models import Job

GENERATE = "generate"
DEFAULT = "default"
DEFAULT_TASK_SECONDS = int(str(settings.Q_CLUSTER["timeout"]))


def valkey(pid: int) -> str:
    if not is_answering(settings.REDIS_URL):
        raise NotAnsweringError("no answer to PING")
    return ""


def web(pid: int) -> str:
    """Any answer counts: what the page says about the other processes is not this one's fault."""
    host = "127.0.0.1" if settings.HOST in {"0.0.0.0", "", "::"} else settings.HOST  # noqa: S104
    host = f"[{host}]" if ":" in host else host
    try:
        with _client(timeout=10) as client:
            client.get(f"http://{host}:{settings.PORT}/health/live")
    except httpx.HTTPError as error:
        raise NotAnsweringError(f"{type(error).__name__}: {error}") from error
    return ""


def encoder_health(*, timeout: float) -> dict:
    """The encoder's own report on the model that searches use. Raises NotAnsweringError."""
    url, socket_path = settings.ENCODER_URL, None
    if url.startswith("unix://"):
        url, socket_path = "http://encoder", url.removeprefix("unix://")
    try:
        with _client(timeout=timeout, socket_path=socket_path, tls=url.startswith("https://")) as client:
            report = client.get(f"{url}/health", params=_serving()).json()
    except (httpx.HTTPError, ValueError) as error:
        raise NotAnsweringError(f"{type(error).__name__}: {error}") from error
    if not isinstance(report, dict) or report.get("status") != "ok":
        said = report.get("error") or report.get("status") if isinstance(report, dict) else "no encoder"
        raise NotAnsweringError(str(said))
    return report


def _client(*, timeout: float, socket_path: str | None = None, tls: bool = False) -> httpx.Client:
    """For one question. Where nothing is encrypted, no certificates are read: that took 40 ms of the
    processor's time each, several times a second while a site starts."""
    transport = httpx.HTTPTransport(uds=socket_path, verify=tls, trust_env=False)
    return httpx.Client(transport=transport, timeout=timeout, trust_env=False)


def _serving() -> dict[str, str]:
    """Which model to ask for. None in particular while the database is away: not the encoder's fault."""
    try:
        model = serving_model()
    except DatabaseError:
        return {}
    return {"model": model.name} if model else {}


def encoder(pid: int) -> str:
    return encoder_health(timeout=10)["model_id"]


def cluster_stats(name: str) -> list[QueueStat]:
    """The heartbeats of all clusters of queue `name`, on all machines. They expire after 3 s."""
    return [stat for stat in Stat.get_all() if isinstance(stat, QueueStat) and stat.queue == name]


def cluster(name: str, pid: int) -> str | None:
    """The cluster's heartbeat, and that it does not sit on tasks: see `stuck_tasks`."""
    if not is_answering(settings.REDIS_URL):
        return None  # heartbeats come through valkey, and without it nothing can be said
    host = socket.gethostname()
    stat = next((stat for stat in cluster_stats(name) if stat.pid == pid and stat.host == host), None)
    if stat is None:
        raise NotAnsweringError("no heartbeat")
    if not stat.workers:
        raise NotAnsweringError("no workers yet")
    if waiting := stuck_tasks(name):
        raise NotAnsweringError(f"{waiting} tasks wait and none is done")
    return f"{len(stat.workers)} workers" if len(stat.workers) != 1 else "1 worker"


def patience(name: str) -> timedelta:
    """For how long tasks of a queue may wait while none ends.

    A task of the default queue may take up to its timeout. Pictures take much longer, but whoever makes one
    leaves a heartbeat, except while a run whose job was cancelled still loads its models.
    """
    if name == GENERATE:
        return timedelta(minutes=4)
    return timedelta(seconds=DEFAULT_TASK_SECONDS + 10)


def stuck_tasks(name: str) -> int:
    """How many due tasks of queue `name` wait while nobody works; 0 when all is well.

    A worker that was killed while it held the lock of its cluster's queue leaves a cluster with a heartbeat
    that does nothing, so the heartbeat alone does not tell.
    """
    since = timezone.now() - patience(name)
    waiting = OrmQ.objects.filter(key=name, lock__lt=since).count()
    if not waiting:
        return 0
    if Task.objects.filter(cluster=name, stopped__gt=since).exists():
        return 0
    if name == GENERATE and is_making_a_picture():
        return 0
    return waiting


def is_making_a_picture() -> bool:
    fresh = timezone.now() - timedelta(seconds=settings.JOB_HEARTBEAT_STALE)
    return Job.objects.running().filter(heartbeat_at__gt=fresh).exists()
