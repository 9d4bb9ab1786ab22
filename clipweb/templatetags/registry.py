"""A word for admins on which models are at work."""

from django import template

from clipweb.registry import using

register = template.Library()


@register.simple_tag
def works_with_the_small_pack() -> bool:
    return using.is_small()
