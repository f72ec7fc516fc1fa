"""From what people typed to what can be compared."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture import normalise
from capture.channels.fields import CANONICAL
from capture.contracts import Consent, ConsentClaim, Kind, SignalDraft
from capture.normalise import email, phone, place, text

FIELDS = st.sampled_from(sorted(CANONICAL | {"new_field"}))
REGIONS = st.sampled_from(["US", "GB", "DE", "", "ZZ"])


def draft(**facts: str) -> SignalDraft:
    return SignalDraft(kind=Kind.LEAD, occurred_at=None, facts=facts)


def clean(**facts: str) -> dict[str, str]:
    return values(facts, "US")


def values(facts: dict[str, str], region: str) -> dict[str, str]:
    return {field: fact.value for field, fact in normalise.clean(draft(**facts), region=region).facts.items()}


@given(st.dictionaries(FIELDS, st.text(max_size=400)), st.text(), REGIONS)
def test_nothing_a_stranger_types_raises(facts: dict[str, str], said: str, region: str) -> None:
    found = normalise.clean(
        SignalDraft(kind=Kind.LEAD, occurred_at=None, facts=facts, text=said, attributes={"a": said}), region=region
    )
    for fact in found.facts.values():
        assert fact.value
        assert "\0" not in fact.value + fact.raw
        assert 0 <= fact.confidence <= 1


@given(st.dictionaries(FIELDS, st.text(max_size=200)), REGIONS)
def test_a_clean_value_is_clean(facts: dict[str, str], region: str) -> None:
    once = values(facts, region)
    again = values({field: value for field, value in once.items() if field in facts}, region)
    assert again == {field: value for field, value in once.items() if field in again}
    assert {field for field in once if field in facts} <= again.keys()


@given(st.text())
def test_a_clean_text_is_clean(said: str) -> None:
    once = text.clean(said)
    assert text.clean(once) == once
    assert unicodedata.is_normalized("NFC", once)


@given(st.text(), st.integers(min_value=1, max_value=50))
def test_a_line_is_one_visible_line(said: str, longest: int) -> None:
    once = text.line(said, longest=longest)
    assert text.line(once, longest=longest) == once
    assert len(once) <= longest
    assert "\n" not in once


@pytest.mark.parametrize(
    ("raw", "region", "value"),
    [
        ("(415) 237-0164", "US", "+14152370164"),
        ("+1 415-237-0164", "DE", "+14152370164"),
        ("06 12 34 56 78", "FR", "+33612345678"),
        ("0170 1234567", "DE", "+491701234567"),
        ("020 7946 0958", "GB", "+442079460958"),
        ("٤١٥٢٣٧٠١٦٤", "US", "+14152370164"),
        ("\u202a+1 415 237 0164\u202c", "US", "+14152370164"),
    ],
)
def test_a_number_is_read_with_the_sources_region(raw: str, region: str, value: str) -> None:
    fact, odd = phone.clean(raw, region=region)
    assert fact is not None
    assert (fact.value, fact.raw, odd) == (value, raw, "")
    assert fact.confidence > 0.9


def test_an_extension_is_said_and_not_part_of_the_number() -> None:
    fact, odd = phone.clean("(415) 237-0164 x12", region="US")
    assert fact is not None
    assert (fact.value, odd) == ("+14152370164", "extension 12")


@pytest.mark.parametrize("raw", ["+00000", "911", "72345", "ACME", "5" * 300, "anonymous", "call me", "+1 415"])
def test_what_is_no_number_stays_raw_and_doubtful(raw: str) -> None:
    fact, odd = phone.clean(raw, region="US")
    assert fact is not None
    assert (fact.raw, odd) == (raw, "not a phone number that can be called")
    assert fact.confidence < 0.5
    assert len(fact.value) <= 32


@pytest.mark.parametrize(
    ("raw", "odd"), [("1-900-234-5678", "a premium-rate number"), ("1-800-234-5678", "a toll-free number")]
)
def test_a_number_of_many_people_is_doubtful(raw: str, odd: str) -> None:
    fact, said = phone.clean(raw, region="US")
    assert fact is not None
    assert said == odd
    assert fact.confidence < 0.5


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ann.Lee+shop@GMail.com", "annlee@googlemail.com"),
        ("ANN@Example.COM", "ann@example.com"),
        ("ann+a@example.com", "ann+b@example.com"),
    ],
)
def test_spellings_of_one_mailbox_match(one: str, other: str) -> None:
    assert email.match_form(one) == email.match_form(other)


def test_dots_count_outside_google() -> None:
    assert email.match_form("a.b@example.com") != email.match_form("ab@example.com")


@given(st.emails())
def test_the_matching_form_is_stable(address: str) -> None:
    assert email.match_form(email.match_form(address)) == email.match_form(address)


def test_an_address_is_shown_as_typed_with_its_domain_in_lower_case() -> None:
    fact, _ = email.clean(" Ann.Lee+x@Example.COM ", region="US")
    assert fact is not None
    assert fact.value == "Ann.Lee+x@example.com"


@pytest.mark.parametrize("raw", ["ann", "ann@", "a@b", "ann@localhost", "a b@example.com", "@", "ann@exa mple.com"])
def test_what_is_no_address_is_doubtful(raw: str) -> None:
    fact, odd = email.clean(raw, region="US")
    assert fact is not None
    assert fact.confidence < 0.5
    assert odd == "not an e-mail address"


@pytest.mark.parametrize(
    ("raw", "prefix", "first", "last", "suffix"),
    [
        ("Ann Lee", "", "Ann", "Lee", ""),
        ("Lee, Ann", "", "Ann", "Lee", ""),
        ("MÜLLER, Hans-Peter", "", "Hans-Peter", "MÜLLER", ""),
        ("JOHN SMITH", "", "John", "Smith", ""),
        ("john o'brien", "", "John", "O'Brien", ""),
        ("ANNE-MARIE MCDONALD", "", "Anne-Marie", "McDonald", ""),
        ("Dr. Juan Q. Xavier de la Vega III", "Dr.", "Juan Q. Xavier", "de la Vega", "III"),
        ("Martin Luther King, Jr.", "", "Martin Luther", "King", "Jr"),
        ("King Jr., Martin", "", "Martin", "King", "Jr"),
        ("Smith, John, Sr", "", "John", "Smith", "Sr"),
        ("ludwig van beethoven", "", "Ludwig", "van Beethoven", ""),
        ("Mrs Ann Lee", "Mrs", "Ann", "Lee", ""),
        ("Cher", "", "Cher", "", ""),
        ("李小龍", "", "李小龍", "", ""),
    ],
)
def test_a_name_is_split(raw: str, prefix: str, first: str, last: str, suffix: str) -> None:
    found = clean(name=raw)
    parts = [found.get(f, "") for f in ("name_prefix", "first_name", "last_name", "name_suffix")]
    assert parts == [prefix, first, last, suffix]


def test_given_parts_win_over_the_whole() -> None:
    found = clean(name="Lee Ann", first_name="Ann", last_name="LEE JR")
    assert (found["first_name"], found["last_name"], found["name_suffix"]) == ("Ann", "Lee", "Jr")


def test_mixed_case_is_left_as_typed() -> None:
    assert clean(name="bell hooks")["last_name"] == "Hooks"
    assert clean(name="Danah boyd")["last_name"] == "boyd"
    assert clean(first_name="JP")["first_name"] == "JP"


@pytest.mark.parametrize("raw", ["Smith & Sons Plumbing LLC", "ACME Inc.", "Beispiel GmbH", "Room 101"])
def test_what_is_no_persons_name_gives_no_parts(raw: str) -> None:
    found = normalise.clean(draft(name=raw), region="US")
    assert set(found.facts) == {"name"}
    assert "name" in found.quality


@pytest.mark.parametrize(
    ("raw", "shown", "odd"),
    [
        ("A\u200bnn Lee", "Ann Lee", "invisible characters were taken out"),
        ("\u202eeeL nnA", "eeL nnA", "invisible characters were taken out"),
        ("Ann\0 Lee", "Ann Lee", "control characters were taken out"),
        ("Ann\x1b[m Lee", "Ann[m Lee", "control characters were taken out"),
        ("\u0410nn Lee", "\u0410nn Lee", "letters of two alphabets in one word"),
        ("Zoe\u0308 Lee", "Zo\u00eb Lee", ""),
        ("می\u200cخواهم", "می\u200cخواهم", ""),
    ],
)
def test_what_could_fool_a_reader_is_taken_out_and_said(raw: str, shown: str, odd: str) -> None:
    found = normalise.clean(draft(name=raw), region="US")
    assert found.facts["name"].value == shown
    assert found.quality.get("name", "") == odd


def test_the_raw_form_is_kept() -> None:
    found = normalise.clean(draft(name="A\u200bnn  LEE"), region="US")
    assert found.facts["first_name"].raw == "A\u200bnn  LEE"


@pytest.mark.parametrize(
    "said", ["👩‍👩‍👧", "क्षि", "e\u0301", "<script>alert(1)</script>", "{0.__class__} ${jndi:x}", "=HYPERLINK()"]
)
def test_text_means_what_it_says(said: str) -> None:
    assert text.clean(said) == unicodedata.normalize("NFC", said)


def test_a_long_text_is_not_cut_inside_a_letter() -> None:
    assert text.cut("ae\u0301", 2) == "a"
    assert len(text.clean("x" * 50_000)) == text.LONGEST


@pytest.mark.parametrize(
    ("raw", "code"), [("usa", "US"), ("Deutschland", "DE"), ("gb", "GB"), ("Atlantis", "Atlantis")]
)
def test_a_country_becomes_its_code(raw: str, code: str) -> None:
    fact, odd = place.country(raw, region="US")
    assert fact is not None
    assert fact.value == code
    assert bool(odd) == (raw == "Atlantis")


@pytest.mark.parametrize("raw", ["javascript:alert(1)", "data:text/html,x", "not a site", "https://"])
def test_only_web_addresses_are_websites(raw: str) -> None:
    assert place.website(raw, region="US")[0] is None


@pytest.mark.parametrize(("raw", "value"), [("1980-12-31", "1980-12-31"), ("31/12/80", ""), ("1980-13-01", "")])
def test_only_whole_dates_are_birth_dates(raw: str, value: str) -> None:
    assert clean(birth_date=raw).get("birth_date", "") == value


def test_an_adapters_doubt_caps_the_confidence() -> None:
    doubted = SignalDraft(kind=Kind.CALL, occurred_at=None, facts={"name": "Ann Lee"}, confidence={"name": 0.4})
    found = normalise.clean(doubted, region="US").facts
    assert {fact.confidence for fact in found.values()} == {0.4}


def test_a_consents_point_is_filed_in_one_form() -> None:
    claim = ConsentClaim(
        point_kind="phone",
        point="(415) 237-0164",
        channel="sms",
        purpose="marketing",
        state=Consent.WITHDRAWN,
        basis="x",
    )
    said = SignalDraft(kind=Kind.CONSENT, occurred_at=None, consents=(claim,))
    assert normalise.clean(said, region="US").draft.consents[0].point == "+14152370164"
    assert normalise.point("email", "Ann+x@GMAIL.com", region="US") == "ann@gmail.com"
    assert normalise.point("phone", "72345", region="US") == "72345"
