"""For admins: runs of `manage.py train_…`, with their curves and samples."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from clipweb.training.reading import Shown, file_inside, find_run, shown_runs
from gallery.views.models import admins_only


@never_cache
@require_safe
@admins_only
def runs(request: HttpRequest) -> HttpResponse:
    """`?part=1` gives the part that the page's script refreshes; so does `run`."""
    context = {"runs": shown_runs(), "folder": settings.TRAINING_DIR}
    return render(request, f"training/{'_runs' if request.GET.get('part') else 'runs'}.html", context)


@never_cache
@require_safe
@admins_only
def run(request: HttpRequest, name: str) -> HttpResponse:
    template = f"training/{'_run' if request.GET.get('part') else 'run'}.html"
    return render(request, template, {"run": _found(name)})


@never_cache
@require_safe
@admins_only
def curves(request: HttpRequest, name: str) -> HttpResponse:
    return _file(_found(name).run.curves_file.name, name, "image/svg+xml")


@never_cache
@require_safe
@admins_only
def sample(request: HttpRequest, name: str, step: int) -> HttpResponse:
    path = _found(name).run.sample_file(step)
    return _file(f"{path.parent.name}/{path.name}", name, "image/png")


def _found(name: str) -> Shown:
    found = find_run(name)
    if found is None:
        raise Http404
    return found


def _file(path: str, name: str, content_type: str) -> HttpResponse:
    content = file_inside(settings.TRAINING_DIR / name / path)
    if content is None:
        raise Http404
    return HttpResponse(content, content_type=content_type)
