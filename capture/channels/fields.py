"""The field names LeadHub reads, and what else people call them (pure)."""

from collections.abc import Mapping

CANONICAL = frozenset(
    [
        "phone",
        "email",
        "name",
        "first_name",
        "last_name",
        "company",
        "title",
        "city",
        "region",
        "country",
        "postal_code",
        "language",
        "website",
        "birth_date",
        "external_id",
    ]
)
ALIASES: Mapping[str, str] = {
    "tel": "phone", "telephone": "phone", "phone_number": "phone", "phonenumber": "phone", "mobile": "phone",
    "mobile_phone": "phone", "e_mail": "email", "mail": "email", "email_address": "email", "your_email": "email",
    "full_name": "name", "fullname": "name", "your_name": "name", "firstname": "first_name", "fname": "first_name",
    "given_name": "first_name", "forename": "first_name", "lastname": "last_name", "lname": "last_name",
    "family_name": "last_name", "surname": "last_name", "organization": "company", "organisation": "company",
    "company_name": "company", "job_title": "title", "jobtitle": "title", "town": "city", "state": "region",
    "province": "region", "zip": "postal_code", "zipcode": "postal_code", "zip_code": "postal_code",
    "postcode": "postal_code", "postal": "postal_code", "lang": "language", "url": "website", "birthday": "birth_date",
    "date_of_birth": "birth_date", "comments": "message", "comment": "message", "your_message": "message",
    "enquiry": "message", "inquiry": "message", "question": "message",
}  # fmt: skip


def field_of(label: str) -> str:
    """Give the canonical name for a form's own label, or the label in plain form."""
    plain = label.strip().lower().replace("-", "_").replace(" ", "_")
    return ALIASES.get(plain, plain)


def external_ids(found: Mapping[str, str]) -> dict[str, str]:
    """Name several outside ids `external_id`, `external_id_2`, …, in an order no delivery changes."""
    ids = sorted(f"{namespace}:{value}" for namespace, value in found.items())
    return {f"external_id_{n}" if n > 1 else "external_id": value for n, value in enumerate(ids, start=1)}
