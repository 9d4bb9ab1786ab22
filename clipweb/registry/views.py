"""For admins: every model that is known or here, and the choice among those that are here."""

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clipweb.registry import store, table, using
from clipweb.registry.chosen import ChoiceError
from clipweb.registry.store import RegistryError
from gallery.models import AuditEntry
from gallery.moderation import audit
from gallery.views.models import admins_only

SHIPPED_PARTS = {"mini": "clip", "mini-quick": "clip", "mini-vqgan": "vqgan"}


@never_cache
@require_safe
@admins_only
def registry(request: HttpRequest) -> HttpResponse:
    context: dict[str, object] = {"is_small": using.is_small()}
    try:
        rows = table.rows()
        kinds = [("clip", _("For searches (CLIP)")), ("vqgan", _("For pictures from prompts (VQGAN)"))]
        context["parts"] = [
            {
                "kind": kind,
                "title": title,
                "rows": [row for row in rows if row.kind == kind],
                "chosen": using.chosen(kind),  # type: ignore[arg-type]
                "at_work": using.at_work(kind),  # type: ignore[arg-type]
                "is_given": using.is_given(kind),  # type: ignore[arg-type]
            }
            for kind, title in kinds
        ]
    except (RegistryError, ChoiceError) as error:
        context["trouble"] = str(error)
    return render(request, "registry/registry.html", context)


@require_POST
@admins_only
def use(request: HttpRequest) -> HttpResponse:
    """POST name=…; whoever chooses is in the audit log."""
    name = request.POST.get("name", "")
    try:
        kind = using.kind_of(name)
        with transaction.atomic():
            _record(request, kind, before={"name": using.chosen(kind)}, after={"name": name})
            using.use(name)
    except (RegistryError, ChoiceError) as error:
        messages.error(request, str(error))
        return redirect("registry")
    if using.is_given(kind):
        text = _("%(name)s is chosen, but the environment sets another model, and that wins.")
    else:
        text = _("%(name)s is chosen. Start clipweb again, and it works with it.")
    messages.success(request, text % {"name": name})
    return redirect("registry")


@require_POST
@admins_only
def verify(request: HttpRequest) -> HttpResponse:
    """POST name=…: compares the files of one model that is here with their checksums."""
    name = request.POST.get("name", "")
    try:
        model = store.find(name)
        if model is None and name not in SHIPPED_PARTS:
            raise Http404
        found = store.damages(model) if model else store.shipped_damages(SHIPPED_PARTS[name])
    except RegistryError as error:
        found = [str(error)]
    if found:
        messages.error(request, " ".join(found))
    else:
        messages.success(request, _("%(name)s is as it was installed.") % {"name": name})
    return redirect("registry")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@admins_only
def remove(request: HttpRequest, name: str) -> HttpResponse:
    """Asks first; a model that is in use stays."""
    try:
        model = store.find(name)
        if model is None:
            raise Http404
        if request.method != "POST":
            return render(request, "registry/remove.html", {"model": model})
        store.check_removable(model)
        with transaction.atomic():
            _record(request, model.kind, before={"here": name}, after={"here": ""})
            store.remove(model)
        messages.success(request, _("%(name)s is gone.") % {"name": name})
    except RegistryError as error:
        messages.error(request, str(error))
    return redirect("registry")


def _record(request: HttpRequest, kind: str, *, before: dict[str, str], after: dict[str, str]) -> None:
    audit.record(
        actor=request.user,  # type: ignore[arg-type]
        action=AuditEntry.Action.SET,
        kind=AuditEntry.Kind.SETTING,
        key=f"model {kind}",
        before=before,
        after=after,
    )
