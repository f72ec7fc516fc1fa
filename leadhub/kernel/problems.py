"""Errors of the API as problem+json (RFC 9457), without internals."""

from rest_framework.views import exception_handler as problem_json

__all__ = ["problem_json"]
