"""What answers and bodies are: Accept, Accept-Language, Content-Type and Content-Encoding as RFC 9110 reads them."""

import string

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import Headers

from app.http.negotiation import CSV, HTML, JSON, acceptable, content_codings, content_type, preferred_language
from app.language import LANGUAGES
from tests.problems import problem_of

JAVA = "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"

ACCEPT: dict[str, tuple[list[str], str | None]] = {
    "nothing": ([], JSON),
    "an empty line": ([""], JSON),
    "empty elements": ([" , ,,"], JSON),
    "anything": (["*/*"], JSON),
    "one": (["text/csv"], CSV),
    "one in capitals": (["TEXT/CSV"], CSV),
    "one of a kind": (["text/*"], CSV),
    "the one that is named first": (["text/csv, application/json"], CSV),
    "the other that is named first": (["application/json, text/csv"], JSON),
    "the one that is named, among equals": (["*/*, text/csv"], CSV),
    "the one that weighs more": (["application/json;q=0.5, text/csv;q=0.6"], CSV),
    "the other that weighs more": (["text/csv;q=0.999, application/json"], JSON),
    "a weight in capitals": (["text/csv;Q=0.5, application/json"], JSON),
    "a weight with blanks": (["text/csv ; q=0.5 , application/json\t;\tq=0.4"], CSV),
    "a light one, with anything for the rest": (["text/csv;q=0.1, */*"], JSON),
    "the most specific range decides": (["text/*, text/csv;q=0.1, application/json;q=0.2"], JSON),
    "the most specific range decides, in any order": (["text/csv;q=0.1, application/json;q=0.2, text/*"], JSON),
    "one refused": (["application/json;q=0, */*"], CSV),
    "a kind refused": (["application/*;q=0, */*;q=0.1"], CSV),
    "one refused in three digits": (["text/csv;q=0.000, text/*"], None),
    "both refused": (["text/csv;q=0, application/json;q=0"], None),
    "all refused": (["*/*;q=0"], None),
    "all but one refused": (["text/csv, */*;q=0"], CSV),
    "something else": (["application/pdf"], None),
    "something else of a kind": (["text/html"], None),
    "something else, then anything": (["application/pdf, */*;q=0.1"], JSON),
    "its character set": (["text/csv; charset=utf-8"], CSV),
    "its character set in quotes": (['text/csv; charset="UTF-8"'], CSV),
    "another character set": (["text/csv; charset=utf-16"], None),
    "JSON with a character set": (["application/json;charset=utf-8"], JSON),
    "a parameter that it has": (["text/csv;header=present;q=0.5, application/json;q=0.4"], CSV),
    "a parameter that it has not": (["text/csv;header=absent, application/json;q=0.1"], JSON),
    "a parameter is more specific": (["text/csv;header=present;q=0.1, text/csv, application/json;q=0.5"], JSON),
    "a comma in quotes": (['application/pdf;x="a, text/csv;q=1, \\", ", application/json;q=0.1'], JSON),
    "quotes that do not end": (['application/json;q=0.1, text/csv;x="a, application/json'], JSON),
    "two lines": (["application/json;q=0.1", "text/csv"], CSV),
    "two lines of which one is empty": (["", "text/csv"], CSV),
    "a weight that is a word": (["text/csv;q=high, application/json;q=0.1"], JSON),
    "a weight above one": (["text/csv;q=1.5, application/json;q=0.1"], JSON),
    "a weight below zero": (["text/csv;q=-1, application/json;q=0.1"], JSON),
    "a weight that is none": (["text/csv;q=, application/json;q=0.1"], JSON),
    "a weight that is no number": (["text/csv;q=nan, application/json;q=0.1"], JSON),
    "two weights": (["text/csv;q=1;q=0.5, application/json;q=0.1"], JSON),
    "nothing but a weight that is none": (["text/csv;q=x"], JSON),
    "a weight of more digits than the RFC has": (["text/csv;q=0.99999, application/json;q=0.9"], CSV),
    "a language": (["de"], JSON),
    "no range": (["text, /csv, text/, ;q=1"], JSON),
    "a range of kinds": (["*/csv"], None),
    "what Java sends": ([JAVA], JSON),
    "what browsers send": ([BROWSER], JSON),
}

LANGUAGE: dict[str, tuple[list[str], str]] = {
    "nothing": ([], "en"),
    "anything": (["*"], "en"),
    "German": (["de"], "de"),
    "Austrian German": (["de-AT"], "de"),
    "what browsers send": (["de-DE,de;q=0.9,en;q=0.8"], "de"),
    "the region first": (["de-DE, en;q=0.95, de;q=0.9"], "de"),
    "another one first": (["fr, de;q=0.3, en;q=0.2"], "de"),
    "two lines": (["en;q=0.5", "de"], "de"),
    "English refused": (["en;q=0, *"], "de"),
    "English refused, nothing else": (["en;q=0"], "en"),
    "German refused": (["de;q=0, *;q=0.1"], "en"),
    "German refused, a region wanted": (["de;q=0, de-AT, en;q=0.1"], "en"),
    "a region refused": (["de-CH;q=0, de"], "de"),
    "anything rather than English": (["*, en;q=0.5"], "de"),
    "a weight that is none": (["de;q=x, en;q=0.1"], "en"),
    "a parameter": (['de;x="a,b";q=0.9, en;q=0.5'], "de"),
}

BODIES: dict[str, tuple[list[str], str | None]] = {
    "nothing": ([], None),
    "an empty line": ([""], None),
    "JSON": (["application/json"], "application/json"),
    "a list": (["application/json, application/json"], None),
    "two lines": (["application/json", "application/json"], None),
    "a line and an empty one": (["application/json", ""], None),
    "no slash": (["json"], None),
    "two slashes": (["application/json/x"], None),
    "blanks in the middle": (["application / json"], None),
    "a word behind it": (["application/json utf-8"], None),
    "a parameter without value": (["application/json; charset"], None),
    "a parameter with blanks": (["application/json; charset = utf-8"], None),
    "a parameter twice": (["application/json; charset=utf-8; Charset=latin1"], None),
    "quotes that do not end": (['application/json; charset="utf-8'], None),
    "a parameter in quotes": (['application/json;x="a\\";b, c"'], "application/json"),
    "semicolons alone": (["application/json ; ; "], "application/json"),
}

TAGS = st.sampled_from(["de", "en", "de-DE", "en-GB", "DE", "En-us", "fr", "nds", "deu", "d", ""])
WEIGHTS = st.sampled_from(["", ";q=1", ";q=1.0", ";q=0.9", "; q=0.5", ";Q=0.3", " ;q=0.001"])
CHOICES = st.lists(st.tuples(TAGS, WEIGHTS), max_size=6)
PRINTABLE = st.text(alphabet=string.printable + "äöü\N{SNOWMAN}", max_size=80)


class TestAccept:
    @pytest.mark.parametrize(("lines", "media_type"), ACCEPT.values(), ids=ACCEPT)
    def test_chooses(self, lines: list[str], media_type: str | None) -> None:
        assert acceptable(lines, (JSON, CSV)) == media_type

    @given(st.lists(PRINTABLE, max_size=3))
    def test_chooses_what_there_is_or_nothing_whatever_the_header(self, lines: list[str]) -> None:
        assert acceptable(lines, (JSON, CSV)) in (JSON, CSV, None)

    @pytest.mark.parametrize(
        "line", ['"' * 50_000, ";" * 50_000, "a/b;" + "\\" * 50_000, '"\\' * 25_000, " \t" * 25_000]
    )
    def test_reads_long_nonsense_in_one_go(self, line: str) -> None:
        """Time that grows with the square of these lengths would be minutes."""
        assert acceptable([f"text/csv;{line}", f"text/csv;x={line}"], (JSON, CSV)) is not None

    @pytest.mark.parametrize(
        ("accept", "media_type"),
        [
            (BROWSER, HTML),
            (JAVA, HTML),
            ("text/html;q=0.9, application/json;q=0.8", HTML),
            ("text/*", HTML),
            ("*/*", JSON),
            ("application/json, text/html", JSON),
            ("text/html;q=0.5, application/json", JSON),
            ("text/html;q=0", JSON),
            ("text/html;q=0, application/json;q=0", JSON),
            ("image/png", JSON),
            ("text/html-not", JSON),
        ],
    )
    @pytest.mark.parametrize("path", ["/problems", "/problems/gone"])
    async def test_decides_who_gets_a_page(
        self, offline: httpx.AsyncClient, path: str, accept: str, media_type: str
    ) -> None:
        answer = await offline.get(path, headers={"Accept": accept})
        assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (200, media_type)

    @pytest.mark.parametrize("accept", ["text/html", "application/json;q=0", "*/*;q=0", "image/png"])
    async def test_is_disregarded_where_there_is_only_json(self, client: httpx.AsyncClient, accept: str) -> None:
        answer = await client.get("/v1/goals", headers={"Accept": accept})
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
        problem_of(await client.get("/v1/nowhere", headers={"Accept": accept}), 404, "not-found")


class TestAcceptLanguage:
    @pytest.mark.parametrize(("lines", "language"), LANGUAGE.values(), ids=LANGUAGE)
    async def test_chooses(self, offline: httpx.AsyncClient, lines: list[str], language: str) -> None:
        answer = await offline.get("/problems/gone", headers=[("Accept-Language", line) for line in lines])
        assert answer.headers["content-language"] == language
        answer = await offline.get("/nowhere", headers=[("Accept-Language", line) for line in lines])
        assert answer.headers["content-language"] == language

    @given(PRINTABLE)
    def test_is_a_language_of_ours_whatever_the_header(self, header: str) -> None:
        assert preferred_language([header]) in LANGUAGES

    @given(CHOICES)
    def test_is_what_weighs_most_and_among_equals_what_stands_first(self, choices: list[tuple[str, str]]) -> None:
        header = ", ".join(tag + weight for tag, weight in choices)
        ours = [
            (tag.lower()[:2], float(weight.partition("=")[2] or "1"))
            for tag, weight in choices
            if tag.lower().partition("-")[0] in LANGUAGES
        ]
        expected = max(ours, key=lambda choice: choice[1])[0] if ours else "en"
        assert preferred_language([header]) == expected

    @given(CHOICES)
    def test_does_not_depend_on_blanks_case_and_lines(self, choices: list[tuple[str, str]]) -> None:
        header = ",".join(tag + weight for tag, weight in choices)
        first = preferred_language([header])
        assert first == preferred_language([header.upper()]) == preferred_language([header.replace(",", " , ")])
        assert first == preferred_language(header.split(","))

    @pytest.mark.parametrize("header", ["de;q=x", "de;q=", "de;q=-1", "de;q=0", "de;q=nan", "germany", "-de", "de_DE"])
    def test_is_english_when_the_header_is_none(self, header: str) -> None:
        assert preferred_language([header]) == "en"


class TestContentType:
    @pytest.mark.parametrize(("lines", "name"), BODIES.values(), ids=BODIES)
    def test_is_one_or_none(self, lines: list[str], name: str | None) -> None:
        found = content_type(Headers(raw=[(b"content-type", line.encode("latin-1")) for line in lines]))
        assert (found and found.name) == name

    def test_keeps_its_parameters(self) -> None:
        headers = Headers({"Content-Type": 'Text/CSV;Header=Present; Charset="UTF\\-8"; x="a;b"'})
        found = content_type(headers)
        assert found is not None
        assert found.name == "text/csv"
        assert found.parameters == {"header": "Present", "charset": "UTF-8", "x": "a;b"}


class TestContentEncoding:
    @pytest.mark.parametrize(
        ("lines", "codings"),
        [
            ([], set()),
            ([""], set()),
            (["identity"], set()),
            (["Identity, , identity"], set()),
            (["GZIP"], {"gzip"}),
            (["identity", "gzip"], {"gzip"}),
            (["gzip, br"], {"gzip", "br"}),
            (["no coding/at all"], {"no coding/at all"}),
        ],
    )
    def test_is_a_list(self, lines: list[str], codings: set[str]) -> None:
        assert content_codings(Headers(raw=[(b"content-encoding", line.encode()) for line in lines])) == codings
