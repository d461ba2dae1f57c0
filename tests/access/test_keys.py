"""Keys themselves: how they are made, and that a wrong one is told without a look into the database."""

import string
from itertools import product

import httpx
from fastapi import FastAPI
from hypothesis import given, settings
from hypothesis import strategies as st

from app.access import keys
from app.access.guards import identify
from app.http.masking import KEY_PREFIX, shown
from app.keys.models import KEY_PATTERN
from tests.conftest import Templates, client_of
from tests.letters import LETTERS
from tests.problems import problem_of

BASE64URL = string.ascii_letters + string.digits + "-_"
CHALLENGE = "Bearer"


def changed(key: str, position: int, letter: str) -> str:
    """The key with another letter at a position."""
    return key[:position] + letter + key[position + 1 :]


class TestKeys:
    def test_are_long_random_and_well_formed(self) -> None:
        made = {keys.new_key() for _ in range(1000)}
        assert len(made) == 1000
        for key in made:
            assert keys.is_well_formed(key)
            assert len(key) == 4 + 43 + 8
            assert key.startswith(shown(key))
            assert len(keys.digest(key)) == 64
            assert key not in keys.digest(key)
        assert len({key[4:12] for key in made}) == 1000

    def test_have_the_form_that_the_contract_tells_scanners(self) -> None:
        assert f"^{KEY_PREFIX}{keys.FORM.pattern}$" == KEY_PATTERN

    def test_with_one_other_letter_are_none(self) -> None:
        for position, letter in product(range(55), BASE64URL + " .é\n"):
            key = keys.new_key()
            assert keys.is_well_formed(changed(key, position, letter)) is (letter == key[position])

    def test_with_two_letters_exchanged_are_none(self) -> None:
        for position, _ in product(range(4, 46), range(20)):
            key = keys.new_key()
            exchanged = key[:position] + key[position + 1] + key[position] + key[position + 2 :]
            assert keys.is_well_formed(exchanged) is (exchanged == key)

    @settings(max_examples=50, deadline=None)
    @given(text=st.text(LETTERS, max_size=60) | st.from_regex(keys.FORM, fullmatch=True))
    def test_are_not_what_was_made_up(self, text: str) -> None:
        assert keys.is_well_formed(text) is (bool(keys.FORM.fullmatch(text)) and keys.checksum(text[4:-8]) == text[-8:])


class TestIdentify:
    async def test_looks_into_no_database_for_a_typing_error(
        self, offline: httpx.AsyncClient, templates: Templates
    ) -> None:
        """A register without a database answers 503 to a key that could be one, and 401 to one that cannot."""
        app: FastAPI = offline._transport.app  # type: ignore[attr-defined]  # noqa: SLF001 (httpx tells it nowhere else)
        del app.dependency_overrides[identify]
        key = templates.keys["reader"]
        async with client_of(app, key) as client:
            problem_of(await client.get("/v1/goals"), 503, "unavailable")
        for position in range(len(key)):
            letter = "A" if key[position] != "A" else "B"
            async with client_of(app, changed(key, position, letter)) as client:
                answer = await client.get("/v1/goals")
            problem_of(answer, 401, "unauthorized")
            assert answer.headers["www-authenticate"] == CHALLENGE

    async def test_takes_the_scheme_in_any_case(self, app: FastAPI, templates: Templates) -> None:
        for scheme in ("Bearer", "bearer", "BEARER", "Bearer  "):
            async with client_of(app) as client:
                answer = await client.get("/v1/keys", headers={"Authorization": f"{scheme} {templates.keys['admin']}"})
            assert answer.status_code == 200

    async def test_refuses_what_is_no_key(self, app: FastAPI, templates: Templates) -> None:
        """On a route that needs no key, too: whoever sends one and is not known must not think it was."""
        key = templates.keys["admin"]
        wrong = (
            "",
            "Bearer",
            "Bearer ",
            key,
            f"Basic {key}",
            f"Token {key}",
            f"Bearer {key},",
            f"Bearer {key} {key}",
            f"Bearer {key.upper()}",
            f"Bearer {key[4:]}",
            f"Bearer {keys.new_key()}",
            "Bearer " + "x" * 10_240,
            f"Bearer {key * 200}",
            "Bearer crk_ä",
        )
        async with client_of(app) as client:
            for value in wrong:
                for path in ("/v1/goals", "/v1/keys", "/v1/changes", "/v1/changes/stream"):
                    answer = await client.get(path, headers=[(b"Authorization", value.encode())])
                    document = problem_of(answer, 401, "unauthorized")
                    assert answer.headers["www-authenticate"] == CHALLENGE
                    assert key not in str(document)

    async def test_refuses_two_headers(self, app: FastAPI, templates: Templates) -> None:
        """Whoever reads the first one and whoever reads the last would see different callers."""
        admin, reader = (f"Bearer {templates.keys[name]}".encode() for name in ("admin", "reader"))
        async with client_of(app) as client:
            for pair in ((admin, reader), (admin, admin), (reader, b"")):
                headers = [(b"Authorization", value) for value in pair]
                answer = await client.get("/v1/goals", headers=headers)
                problem_of(answer, 401, "unauthorized")
                assert answer.headers["www-authenticate"] == CHALLENGE

    async def test_reads_no_key_from_the_address(self, app: FastAPI, templates: Templates) -> None:
        key = templates.keys["admin"]
        async with client_of(app) as client:
            for name in ("access_token", "api_key", "key", "token"):
                assert (await client.get("/v1/keys", params={name: key})).status_code == 401
                assert (await client.get("/v1/goals", params={name: key})).status_code == 422
            assert (await client.get("/v1/keys", headers={"X-API-Key": key})).status_code == 401
            assert (await client.get("/v1/keys", headers={"Cookie": f"key={key}"})).status_code == 401
