"""The table of area codes says what phonenumbers' own geocoder says."""

from phonenumbers.geodata import GEOCODE_DATA

from routing.areas import _CANADA, _UNITED_STATES, AREA, REGION_BY_NAME

SPELLED_OTHERWISE = {
    "Washington State": "Washington",
    "Washington D.C.": "District of Columbia",
    "British Colombia": "British Columbia",
}
SHARED_BY_PROVINCES = {"782", "867", "902"}
NORTH_AMERICAN = {
    prefix[1:]: names["en"] for prefix, names in GEOCODE_DATA.items() if len(prefix) == 4 and prefix.startswith("1")
}


def test_every_area_code_of_the_geocoder_is_known_and_no_other() -> None:
    assert set(AREA) == set(NORTH_AMERICAN) - SHARED_BY_PROVINCES


def test_every_area_code_lies_where_the_geocoder_says() -> None:
    assert [area for area in AREA if not _same_place(AREA[area], NORTH_AMERICAN[area])] == []


def _same_place(region: str, said: str) -> bool:
    country, _, code = region.partition("-")
    name = {"US": _UNITED_STATES, "CA": _CANADA}[country][code][0]
    return SPELLED_OTHERWISE.get(said, said) == name or said.endswith(f", {code}")


def test_a_region_is_found_by_its_name_in_its_own_country_only() -> None:
    assert REGION_BY_NAME["US", "new york"] == "NY"
    assert ("CA", "new york") not in REGION_BY_NAME
