"""Health: for machines at /health, for their load balancers at /health/live, for admins at /status/.

/health answers 200 when every part is well, else 503, within seconds whatever hangs. Everyone learns which
part is not well; numbers, models and versions are for admins, and for programs on this machine itself.
"""

import ipaddress
import platform
import shutil
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import UTC, datetime
from typing import Any

import django
import redis
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import Error as DatabaseError
from django.db import connection
from django.db.models import Min
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django_q.models import OrmQ

from clipweb.supervisor import probes
from clipweb.supervisor.child import NotAnsweringError
from clipweb.supervisor.state import read_state
from clipweb.supervisor.valkey import is_answering
from gallery.models import Image
from generator import room
from generator.models import Job

DEADLINE = 4.0  # seconds for all parts together
ENCODER_SECONDS = 3.0
STATE_SECONDS = 30.0  # a state file older than this was left by a supervisor that is gone
DISK_LOW = 500_000_000  # bytes
JOBS_SHOWN = 20

Report = dict[str, Any]
FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", "HTTP_FORWARDED", "HTTP_VIA", "HTTP_X_REAL_IP")


class UnwellError(Exception):
    """A part does not work; the message says what is wrong."""


def database() -> Report:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return {"engine": connection.vendor}


def valkey() -> Report:
    if not is_answering(settings.REDIS_URL):
        raise UnwellError("no answer to PING")
    return {}


def encoder() -> Report:
    report = probes.encoder_health(timeout=ENCODER_SECONDS)
    return {name: report[name] for name in ("model_id", "dim", "waiting") if name in report}


def queue(name: str) -> Report:
    now = timezone.now()
    rows = OrmQ.objects.filter(key=name)
    due = rows.filter(lock__lte=now)
    oldest = due.aggregate(Min("lock"))["lock__min"]
    stats = probes.cluster_stats(name)
    report = {
        "waiting": due.count(),
        "taken": rows.filter(lock__gt=now).count(),
        "oldest_waiting_seconds": round((now - oldest).total_seconds(), 1) if oldest else 0,
        "clusters": [{"host": stat.host, "pid": stat.pid, "workers": len(stat.workers)} for stat in stats],
    }
    if not stats:
        raise UnwellError("no cluster works on this queue")
    if waiting := probes.stuck_tasks(name):
        raise UnwellError(f"{waiting} tasks wait and none is done")
    return report


def disk() -> Report:
    usage = shutil.disk_usage(settings.DATA_DIR)
    if usage.free < DISK_LOW:
        raise UnwellError(f"{usage.free // 1_000_000} MB free")
    return {"free_bytes": usage.free, "total_bytes": usage.total}


PARTS: dict[str, Callable[[], Report]] = {
    "database": database,
    "valkey": valkey,
    "encoder": encoder,
    "queue_default": lambda: queue(probes.DEFAULT),
    "queue_generate": lambda: queue(probes.GENERATE),
    "disk": disk,
}


def examine(part: Callable[[], Report]) -> Report:
    """One part's report, with "ok" in it and, when that is false, "error"."""
    try:
        return {"ok": True, **part()}
    except (UnwellError, NotAnsweringError) as error:
        return {"ok": False, "error": str(error)}
    except (DatabaseError, redis.RedisError, OSError, ImproperlyConfigured) as error:
        return {"ok": False, "error": type(error).__name__}
    finally:
        connection.close()  # of the thread of this part


def examine_all() -> dict[str, Report]:
    """Every part at the same time; one that has not answered at the deadline is not well."""
    pool = ThreadPoolExecutor(max_workers=len(PARTS))
    futures = {name: pool.submit(examine, part) for name, part in PARTS.items()}
    wait(futures.values(), timeout=DEADLINE)
    pool.shutdown(wait=False, cancel_futures=True)
    late = {"ok": False, "error": f"no answer within {DEADLINE:g} s"}
    return {name: future.result() if future.done() else late for name, future in futures.items()}


@never_cache
@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """That this process answers: for load balancers and the supervisor. Asks nobody else."""
    return JsonResponse({"status": "ok"})


@never_cache
@require_safe
def machine(request: HttpRequest) -> HttpResponse:
    parts = examine_all()
    well = all(report["ok"] for report in parts.values())
    if may_see_details(request, database_is_well=parts["database"]["ok"]):
        answer: Report = {"parts": parts, "models": models(), "versions": versions()}
    else:
        answer = {"parts": {name: {"ok": report["ok"]} for name, report in parts.items()}}
    return JsonResponse({"status": "ok" if well else "unwell", **answer}, status=200 if well else 503)


def may_see_details(request: HttpRequest, *, database_is_well: bool) -> bool:
    """Programs that reach the web process directly from this machine, and admins.

    A request that a proxy on this machine has passed on comes from everywhere, and does not count.
    """
    is_proxied = settings.BEHIND_TLS_PROXY or any(name in request.META for name in FORWARDED)
    if not is_proxied and is_loopback(request.META.get("REMOTE_ADDR", "")):
        return True
    return database_is_well and is_admin(request)


def is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def is_admin(request: HttpRequest) -> bool:
    return bool(request.user.is_active and request.user.is_staff)


def models() -> dict[str, str]:
    return {
        "clip": settings.CLIP_NAME,
        "vqgan": settings.VQGAN_CHECKPOINT or "mini",
    }


def versions() -> dict[str, str]:
    return {"python": platform.python_version(), "django": django.get_version()}


@never_cache
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """The page for admins; `?part=1` gives the part that its script refreshes."""
    if not is_admin(request):
        raise Http404
    template = "_status.html" if request.GET.get("part") else "status.html"
    return render(request, template, page_context())


def page_context() -> dict[str, Any]:
    unfinished = Job.objects.unfinished().select_related("owner").order_by("created_at")
    return {
        "parts": examine_all(),
        "supervisor": supervisor_state(),
        "has_no_room": room.is_short(),
        "min_free_bytes": settings.JOB_MIN_FREE_BYTES,
        "jobs": unfinished[:JOBS_SHOWN],
        "jobs_running": Job.objects.running().count(),
        "jobs_waiting": unfinished.filter(state=Job.State.QUEUED).count(),
        "pictures_pending": Image.objects.filter(status=Image.Status.PENDING).count(),
        "pictures_failed": Image.objects.kept().filter(status=Image.Status.FAILED).count(),
        "models": models(),
        "versions": versions(),
        "data_dir": settings.DATA_DIR,
        "now": timezone.now(),
    }


def supervisor_state() -> dict[str, Any] | None:
    """What `manage.py serve` says of its processes, None when none runs on this machine."""
    state = read_state(settings.SERVE_STATE)
    if state is None or time.time() - state["written"] > STATE_SECONDS:
        return None
    for process in [state, *state["processes"].values()]:
        process["since"] = datetime.fromtimestamp(process["since"], UTC)
    return state
