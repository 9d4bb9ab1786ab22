from django import template
from django.http import HttpRequest

from gallery.people.second_factor import must_have_second_factor

register = template.Library()


@register.simple_tag(takes_context=True)
def second_factor_is_required(context: template.Context) -> bool:
    """Whether the reader's role asks for it here."""
    request: HttpRequest = context["request"]
    return must_have_second_factor(request.user)
