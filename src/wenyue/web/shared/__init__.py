"""The design system and what every HTML face needs: base template, style sheet, modules, cookies, forms."""

from wenyue.web.shared.busy import busy_page
from wenyue.web.shared.fault import fault_page
from wenyue.web.shared.forms import Form, read_form, whole_number
from wenyue.web.shared.i18n import Locale, is_large, locale_of
from wenyue.web.shared.pages import SECURITY_HEADERS, environment, render, render_text
from wenyue.web.shared.services import services_of
from wenyue.web.shared.static import has_static, routes, static_url

__all__ = [
    "SECURITY_HEADERS",
    "Form",
    "Locale",
    "busy_page",
    "environment",
    "fault_page",
    "has_static",
    "is_large",
    "locale_of",
    "read_form",
    "render",
    "render_text",
    "routes",
    "services_of",
    "static_url",
    "whole_number",
]
