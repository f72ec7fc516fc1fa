"""The base of every API view: named permissions, declared queries, bodies that can be measured, pages by id."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, cast

from django.conf import settings
from django.db.models import QuerySet
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework import serializers
from rest_framework.exceptions import ParseError, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer, Serializer
from rest_framework.views import APIView

from leadhub.kernel.api import SAFE, CursorById, TokenAuthentication
from leadhub.kernel.problems import LengthRequired, TooLarge

UNKNOWN_FIELD = "This field is not known here."
UNKNOWN_PARAMETER = "This parameter is not known here."


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Describe the tokens in the OpenAPI document."""

    target_class = TokenAuthentication
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """Give the security scheme."""
        return {"type": "http", "scheme": "bearer", "description": "`manage.py token add <user>` makes one."}


class StrictSerializer(Serializer[Any]):
    """Refuse what is not declared: an ignored field is a misunderstanding nobody hears of."""

    def to_internal_value(self, data: Any) -> Any:
        """Complain about unknown fields, then read the known ones."""
        if isinstance(data, Mapping):
            unknown = sorted(str(key) for key in data if key not in self.fields or self.fields[key].read_only)
            if unknown:
                raise ValidationError({name[:60]: [UNKNOWN_FIELD] for name in unknown}, code="unknown")
        return super().to_internal_value(data)


class PageQuery(StrictSerializer):
    """Which page of a list."""

    after = serializers.UUIDField(required=False, help_text="The last id of the page before; `next` has it ready.")
    limit = serializers.IntegerField(min_value=1, max_value=200, default=50)


class Resource(APIView):
    """Be an API view that names its permissions and its query, and refuses the rest.

    `needs`: method -> Django permission. `query`: serializer of the query string; nothing declared, nothing accepted.
    """

    needs: ClassVar[Mapping[str, str]] = {}
    query: ClassVar[type[StrictSerializer] | None] = None
    asked: Mapping[str, Any]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Check who asks, then what is asked, before the view runs."""
        super().initial(request, *args, **kwargs)
        _refuse_bodies_we_cannot_measure(request)
        self.asked = self._read_query(request)

    def _read_query(self, request: Request) -> Mapping[str, Any]:
        given: Any = request.query_params
        if self.query is None or request.method not in SAFE:
            if given:
                raise ValidationError({name[:60]: [UNKNOWN_PARAMETER] for name in given}, code="unknown")
            return {}
        repeated = [name for name in given if len(given.getlist(name)) > 1]
        if repeated:
            raise ValidationError({name[:60]: ["Give this parameter once."] for name in repeated}, code="repeated")
        reader = self.query(data=given.dict())
        reader.is_valid(raise_exception=True)
        return cast("Mapping[str, Any]", reader.validated_data)

    def read(self, serializer: type[StrictSerializer]) -> dict[str, Any]:
        """Read the body by a serializer; 400 names every field that cannot be used."""
        reader = serializer(data=self.request.data)
        reader.is_valid(raise_exception=True)
        return dict(reader.validated_data)

    def page(self, rows: QuerySet[Any], serializer: Callable[..., BaseSerializer[Any]]) -> Response:
        """Answer with one page of the rows."""
        pager = CursorById()
        found = pager.paginate_queryset(rows, self.request, view=self)
        return pager.get_paginated_response(serializer(found, many=True).data)

    @property
    def actor(self) -> str:
        """Name who asks, for the record."""
        return str(self.request.user.get_username())


def _refuse_bodies_we_cannot_measure(request: Request) -> None:
    if "chunked" in request.META.get("HTTP_TRANSFER_ENCODING", "").lower():
        raise LengthRequired
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isascii() or not length.isdigit():
        raise ParseError("The Content-Length is not a number.")
    if int(length) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
        raise TooLarge
