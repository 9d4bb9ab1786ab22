"""For admins: every model that is known or here, and the choice among those that are here."""

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from clipweb.registry import table, using
from clipweb.registry.chosen import ChoiceError
from clipweb.registry.store import RegistryError
from gallery.models import AuditEntry
from gallery.moderation import audit
from gallery.views.models import admins_only


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
        before = using.chosen(kind)
        with transaction.atomic():
            audit.record(
                actor=request.user,  # type: ignore[arg-type]
                action=AuditEntry.Action.SET,
                kind=AuditEntry.Kind.SETTING,
                key=f"model {kind}",
                before={"name": before},
                after={"name": name},
            )
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
