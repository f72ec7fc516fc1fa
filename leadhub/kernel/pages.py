"""What admin pages share: records nobody edits, and the question asked before anything is done."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.http import url_has_allowed_host_and_scheme
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminTextInputWidget


class ReadOnlyAdmin(ModelAdmin):  # type: ignore[misc]
    """Show records that only services write. `empty` says what to do when there are none."""

    empty = ""
    list_per_page = 50
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: rows are made by services."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: rows are changed by services."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: nothing is deleted by hand."""
        return False


class Reason(forms.Form):
    """Why it is done, for whoever reads it later."""

    because = forms.CharField(
        label="Why", max_length=300, widget=UnfoldAdminTextInputWidget(), help_text="Kept with the decision."
    )


class NoReason(forms.Form):
    """Nothing to fill in."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is asked before something is done: what will happen, to what, and what the button says."""

    title: str
    button: str
    says: Sequence[str] = ()
    about: Sequence[str] = ()
    hidden: Sequence[tuple[str, str]] = ()
    danger: bool = False


def form_of(request: HttpRequest, kind: type[forms.Form]) -> forms.Form:
    """Make the form: filled in if the question was answered, else blank."""
    return kind(request.POST) if answered(request) else kind()


def answered(request: HttpRequest) -> bool:
    """Tell whether this request is the answer to the question, not the way to it."""
    return request.method == "POST" and request.POST.get("answered") == "yes"


def ask(request: HttpRequest, page: ModelAdmin, question: Question, form: forms.Form) -> TemplateResponse:
    """Show the question."""
    context = {
        **page.admin_site.each_context(request),
        "opts": page.model._meta,
        "title": question.title,
        "question": question,
        "form": form,
        "back": _back(request),
    }
    request.current_app = page.admin_site.name
    return TemplateResponse(request, "leadhub/ask.html", context)


def _back(request: HttpRequest) -> str:
    came_from = request.META.get("HTTP_REFERER", "")
    ours = url_has_allowed_host_and_scheme(came_from, allowed_hosts={request.get_host()})
    return came_from if ours and came_from != request.build_absolute_uri() else ".."
