"""A client of OParl that knows nothing but where the interface begins."""

from collections import defaultdict
from typing import Any

import httpx

from tests.oparl.rules import BACKWARDS, check, type_of

START = "/oparl/v1.1"

Objects = dict[str, dict[str, Any]]


class Walk:
    """Everything that is reached from the system, each checked when it is met.

    `objects` are by type and address, as they are read alone; `listed` are the addresses that stand in lists.
    """

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client
        self.objects: dict[str, Objects] = defaultdict(dict)
        self.lists: dict[str, list[dict[str, Any]]] = {}
        self.listed: set[str] = set()

    async def begin(self) -> "Walk":
        """Walk until nothing is new."""
        await self.visit(str(self.client.base_url) + START, "System")
        return self

    async def read(self, address: str) -> Any:
        """What is at an address."""
        answer = await self.client.get(address)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json"), address
        return answer.json()

    async def visit(self, address: str, type: str) -> None:
        """Look at an object, and at all that it leads to."""
        if address in self.objects[type]:
            return
        content = await self.read(address)
        assert (content["id"], type_of(content)) == (address, type)
        self.objects[type][address] = content
        for way, wanted, value in list(check(content)):
            if way == "=>":
                await self.visit_list(value, wanted)
            elif way == "->":
                await self.visit(value, wanted)
            else:
                await self.visit(value["id"], wanted)
                list(check(value, is_inside=True))
                assert {**self.objects[wanted][value["id"]], BACKWARDS[wanted]: None} == {
                    **value,
                    BACKWARDS[wanted]: None,
                }

    async def visit_list(self, address: str, type: str) -> None:
        """Look at every page of a list, and at each object of it."""
        if address in self.lists:
            return
        self.lists[address] = []
        for content in await pages(self.client, address):
            await self.visit(content["id"], type)
            assert self.objects[type][content["id"]] == content
            self.listed.add(content["id"])
            self.lists[address].append(content)


async def pages(client: httpx.AsyncClient, address: str, onwards: str = "next", **params: Any) -> list[dict[str, Any]]:
    """The objects of all pages of a list, page after page in one direction, the links of each checked."""
    found: list[dict[str, Any]] = []
    answer = await client.get(address, params=params)
    while True:
        assert answer.status_code == 200, answer.text
        page = answer.json()
        assert page.keys() == {"data", "pagination", "links"}
        assert {"first", "self"} <= page["links"].keys()
        itself = httpx.URL(page["links"]["self"])
        assert (itself.path, itself.params) == (answer.url.path, answer.url.params)
        found = found + page["data"] if onwards == "next" else page["data"] + found
        following = page["links"].get(onwards)
        if following is None:
            return found
        answer = await client.get(following)
