"""What the settings tell every API view to use: tokens, permissions, strict JSON, paging.

DRF loads these while it is loading itself, so nothing here may import rest_framework.views; see kernel.resource.
"""

from collections.abc import Mapping, Sequence
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, User
from django.db.models import Model
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, ParseError, UnsupportedMediaType
from rest_framework.pagination import BasePagination
from rest_framework.parsers import BaseParser
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from leadhub.kernel import clock, strict_json, tokens
from leadhub.kernel.models import ApiToken

if TYPE_CHECKING:
    from rest_framework.views import APIView

SAFE = ("GET", "HEAD", "OPTIONS")


class TokenAuthentication(BaseAuthentication):
    """Know a caller by `Authorization: Bearer lh_…`. Tokens in addresses are refused: addresses end up in logs."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        """Give the user and the token, None without a bearer header, 401 for a token that is not live."""
        scheme, _, plain = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        found = tokens.find(plain=plain.strip(), now=clock.now())
        if found is None or not found.user.is_active:
            raise AuthenticationFailed("This token is not valid (any more).")
        return found.user, found

    def authenticate_header(self, request: Request) -> str:
        """Name the scheme in a 401."""
        return "Bearer"


class StaffWithModelPermission(BasePermission):
    """Let staff in who hold the permission that the view names for the method; a method without one stays shut."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        """Ask Django's permissions, as the admin does."""
        user: AbstractBaseUser | AnonymousUser = request.user
        if not isinstance(user, User) or not user.is_staff:
            return False
        needed: Mapping[str, str] = getattr(view, "needs", {})
        permission = needed.get("GET" if request.method in SAFE else str(request.method))
        return bool(permission and user.has_perm(permission))


class StrictJSONParser(BaseParser):
    """Read JSON that means one thing: UTF-8, no duplicate keys, bounded depth, no NUL."""

    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """Give the parsed body; 400 with a word for what is wrong, 415 for another charset."""
        _, _, parameters = (media_type or "").lower().partition(";")
        charset = parameters.partition("charset=")[2].strip(" \"'")
        if charset not in ("", "utf-8", "utf8"):
            raise UnsupportedMediaType(media_type or "", "JSON is read as UTF-8 only.")
        try:
            return strict_json.loads(stream.read())
        except strict_json.NotJson as wrong:
            raise ParseError(wrong.message, code=wrong.code) from wrong


class CursorById(BasePagination):
    """Page by id, newest first. Ids sort by the time they were made, so nothing is shown twice or left out."""

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        """Give the rows after the cursor and remember whether more follow."""
        limit: int = view.asked["limit"]
        after: UUID | None = view.asked.get("after")
        rows = queryset.filter(pk__lt=after) if after else queryset
        page: list[Model] = list(rows.order_by("-pk")[: limit + 1])
        self._next = _with_cursor(request, page[limit - 1].pk) if len(page) > limit else None
        return page[:limit]

    def get_paginated_response(self, data: Sequence[Any]) -> Response:
        """Give the page and the address of the next one."""
        return Response({"next": self._next, "results": data})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Describe the page in the OpenAPI document."""
        link = {"type": "string", "nullable": True, "format": "uri"}
        return {
            "type": "object",
            "required": ["next", "results"],
            "properties": {"next": link, "results": schema},
        }


def _with_cursor(request: Request, after: object) -> str:
    parameters = request.query_params.dict() | {"after": str(after)}
    return request.build_absolute_uri(f"{request.path}?{urlencode(parameters)}")
