"""What every API view shares: token authentication, strict JSON, problem+json errors, paging."""

from rest_framework.authentication import BaseAuthentication
from rest_framework.pagination import CursorPagination
from rest_framework.parsers import JSONParser
from rest_framework.permissions import IsAdminUser


class StrictJSONParser(JSONParser):
    pass


class TokenAuthentication(BaseAuthentication):
    pass


class StaffWithModelPermission(IsAdminUser):
    pass


class CursorById(CursorPagination):
    ordering = "-id"
