"""The word on search pages while the model changes."""

from typing import Any

from django import template
from django.template.context import RequestContext

from gallery.changeover import notice_for

register = template.Library()


@register.inclusion_tag("gallery/_model_change.html", takes_context=True)
def model_change(context: RequestContext) -> dict[str, Any]:
    request = context.get("request")
    return {"notice": notice_for(request.user) if request else None}
