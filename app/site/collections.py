"""`/<resource>` and `/<resource>/{id}`: a page for every list and for everything in it."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from fastapi import APIRouter, Request
from sqlalchemy import func, select
from starlette.responses import Response

from app.access.visibility import visible
from app.catalogue import FEATURES, Feature
from app.database.tables import table_of
from app.decisions.resource import DECISIONS
from app.http.errors import NotFound
from app.resources.kind import KINDS, Kind
from app.resources.lists import ListQuery, matching
from app.resources.reading import find_page, there
from app.site.asking import asked_as, day_of, filters_in, grouped, heading, takes_many, uuid_of
from app.site.decisions import story
from app.site.frame import Content, Look, answer
from app.site.names import Named, name_of, names_of, path_of
from app.site.reports import links
from app.site.showing import Showing, ids_in, leaves
from app.site.timeline import history
from app.vocabularies.term import Term

MOST_REFERRING = 5
MOST_BELOW = 100
FILES = (("Excel", "xlsx"), ("CSV", "csv"), ("JSON Lines", "jsonl"))
OF_ALL = frozenset({"visibility"})
"""Fields that all that is public has alike."""
router = APIRouter(include_in_schema=False)


class Facet(NamedTuple):
    """A filter with what can be chosen: the label of each, how many entries have it, its address, whether it is chosen."""

    label: str
    choices: list[tuple[str, int, str, bool]]


class Referring(NamedTuple):
    """What of one kind refers to something: some of it, and where all of it is, if that is more."""

    label: str
    found: list[Named]
    more: str | None


@dataclass(frozen=True)
class Collection:
    """The pages of one kind: its list and its entries."""

    feature: Feature

    @property
    def kind(self) -> Kind[Any]:
        """The kind that they are of."""
        return self.feature.kind

    def listed(self, look: Look, above: UUID | None) -> Content:
        """One page of the list as it is asked for; raises NotFound where there is nothing to belong to."""
        wanted = asked_as(look, self.feature.query)
        within = None if above is None else (KINDS[self.kind.above.name], above)
        found = find_page(look.connection, look.caller, self.kind, wanted, within)
        said = [json.loads(text) for text in found.texts]
        asked = look.request.query_params.multi_items()
        return {
            "title": look.say(self.feature.label),
            "about": self.feature.about,
            "current": f"/{self.kind.path}",
            "rows": self.rows(look, said),
            "columns": [
                heading(look, wanted, self.kind.named_by, look.say(self.feature.label)),
                *(heading(look, wanted, name, look.label(name)) for name in self.columns),
            ],
            "facets": self.facets(look, wanted, look.request.url.path),
            "q": wanted.q or "",
            "kept": [(name, value) for name, value in asked if name not in ("q", "cursor")],
            "next": look.link(look.request.url.path, **grouped(asked, cursor=found.cursor)) if found.cursor else None,
            "is_first": wanted.cursor is None,
            "downloads": self.downloads(look, above),
            "programs": look.file(f"/v1{look.request.url.path}", **filters_in(look)),
        }

    def downloads(self, look: Look, above: UUID | None) -> list[tuple[str, str]]:
        """The files of all that is asked for, with the names of their forms."""
        kept = {**filters_in(look), **({} if above is None else {str(self.kind.within): above})}
        return [(form, look.file(f"/v1/exports/{self.kind.plural}.{suffix}", **kept)) for form, suffix in FILES]

    @property
    def columns(self) -> list[str]:
        """The fields that stand beside a name in the list: what it is sorted by, and its terms."""
        public = self.kind.public.model_fields
        [sort] = [str(self.feature.query.model_fields["sort"].default).removeprefix("-")]
        terms = [name for name in public if self.term_of(name)]
        extra = [sort] if sort in public and sort not in (self.kind.named_by, "code", "number") else []
        return [*extra, *terms, *(name for name in ("progress_percent",) if name in public)]

    def term_of(self, name: str) -> type[Term] | None:
        """The vocabulary of a field that has one of its terms."""
        annotation = self.kind.public.model_fields[name].annotation
        if name in OF_ALL or takes_many(annotation):
            return None
        return next((each for each in leaves(annotation) if issubclass(each, Term)), None)

    def rows(self, look: Look, said: Sequence[Mapping[str, Any]]) -> list[tuple[Named, list[Any]]]:
        """The entries of a page: the name of each with its address, and the fields beside it."""
        public = self.kind.public.model_fields
        ids = {id for each in said for name in (*self.columns, self.kind.named_by) for id in ids_in(each.get(name))}
        ids |= {UUID(each["partner_id"]) for each in said if "partner_id" in each}
        names = names_of(look, ids)
        rows = []
        for each in said:
            showing = Showing(look, names, each.get("timezone"))
            cells = [showing.value(public[name].annotation, each[name], name) for name in self.columns]
            rows.append((Named(self.title(showing, each), look.link(path_of(self.kind, each))), cells))
        return rows

    def title(self, showing: Showing, said: Mapping[str, Any]) -> str:
        """What people call one of them; what is a partner's has that partner's name."""
        if self.kind.key != "id":
            shown = showing.value(self.kind.public.model_fields[self.kind.key].annotation, said[self.kind.key])
            return shown.content.name if isinstance(shown.content, Named) else str(shown.content)
        return name_of(showing.look, self.kind, said)

    def facets(self, look: Look, wanted: ListQuery, path: str) -> list[Facet]:
        """The terms that the list can be filtered by, with how many entries have each, in one statement."""
        table = table_of(self.kind.table)
        names = [name for name in self.columns if self.term_of(name) and name in self.feature.query.model_fields]
        if not names:
            return []
        others = wanted.model_copy(update=dict.fromkeys(names))
        counting = select(*(table.c[name] for name in names), func.count()).where(
            visible(table, look.caller), *matching(self.kind, others, look.caller)
        )
        groups = look.connection.execute(counting.group_by(*(table.c[name] for name in names))).all()
        return [self.facet(look, wanted, names, place, groups, path) for place in range(len(names))]

    def facet(
        self, look: Look, wanted: ListQuery, names: Sequence[str], place: int, groups: Sequence[Any], path: str
    ) -> Facet:
        """One of them: what is chosen in the others holds, what is chosen in itself can be exchanged."""
        chosen = {name: set(getattr(wanted, name) or ()) for name in names}
        counts: Counter[Term] = Counter()
        for group in groups:
            others = (each for each in range(len(names)) if each != place)
            if group[place] is not None and all(
                not chosen[names[other]] or group[other] in chosen[names[other]] for other in others
            ):
                counts[group[place]] += group[-1]
        name = names[place]
        kept = [(key, value) for key, value in look.request.query_params.multi_items() if key not in (name, "cursor")]
        choices = []
        for term in self.term_of(name) or ():
            is_chosen = term in chosen[name]
            if counts[term] or is_chosen:
                asked = grouped(kept) if is_chosen else grouped(kept, **{name: str(term)})
                choices.append((look.say(term.label), counts[term], look.link(path, **asked), is_chosen))
        return Facet(look.label(name), choices)

    def shown(self, look: Look, above: UUID | None, key: str) -> Content:
        """One entry with all that is said of it; raises NotFound and Gone as the API does."""
        row = there(look.connection, look.caller, self.kind, self.id_of(look, above, key))
        said = json.loads(row.representation)
        names = names_of(look, {*ids_in(said)})
        showing = Showing(look, names, said.get("timezone"))
        path = path_of(self.kind, said)
        return {
            "title": self.title(showing, said),
            "kind": look.say(self.feature.label),
            "current": f"/{self.kind.path}",
            "list_path": look.link(path.rpartition("/")[0]),
            "fields": showing.fields(self.kind.public, said, frozenset({self.kind.named_by})),
            "name": said[self.kind.named_by] if self.kind.key == "id" else None,
            "version": said["version"],
            "referring": [*self.below(look, said), *self.referring(look, said)],
            "reports": links(look, f"{self.kind.type}_id", said["id"]),
            "history": history(look, UUID(said["id"])),
            "programs": f"/v1{path}",
            "said": said,
        }

    def id_of(self, look: Look, above: UUID | None, key: str) -> UUID:
        """The id of what is at an address; raises NotFound for what can be none."""
        if self.kind.key == "id":
            return uuid_of(key)
        table = table_of(self.kind.table)
        column = table.c[self.kind.key]
        value = day_of(key) if issubclass(column.type.python_type, date) else uuid_of(key)
        wanted = select(table.c.id).where(column == value, table.c[str(self.kind.within)] == above)
        id = look.connection.execute(wanted).scalar_one_or_none()
        if id is None:
            raise NotFound
        return id  # type: ignore[no-any-return]

    def below(self, look: Look, said: Mapping[str, Any]) -> Iterator[Referring]:
        """What stands below it in addresses, such as the statements to a decision."""
        id = UUID(said["id"])
        for other in COLLECTIONS.values():
            if other.kind.within and other.kind.key != "id" and other.kind.above.name == self.kind.type:
                wanted = other.feature.query(limit=MOST_BELOW)
                found = find_page(look.connection, look.caller, other.kind, wanted, (self.kind, id))
                rows = other.rows(look, [json.loads(text) for text in found.texts])
                if rows:
                    path = look.link(f"/{other.kind.path.format(id=id)}")
                    yield Referring(look.say(other.feature.label), [name for name, _ in rows], path)

    def referring(self, look: Look, said: Mapping[str, Any]) -> Iterator[Referring]:
        """What refers to it, of every kind whose list can be asked for that."""
        for other in COLLECTIONS.values():
            asked = {f"{self.kind.type}_id", "subject_id"} & other.feature.query.model_fields.keys()
            if not asked or other.kind.key != "id":
                continue
            asking = {name: [said["id"]] for name in asked}
            wanted = other.feature.query.model_validate({"limit": MOST_REFERRING, **asking})
            found = find_page(look.connection, look.caller, other.kind, wanted)
            rows = other.rows(look, [json.loads(text) for text in found.texts])
            if rows:
                more = look.link(f"/{other.kind.path}", **asking) if found.cursor else None
                yield Referring(look.say(other.feature.label), [name for name, _ in rows], more)


COLLECTIONS: Mapping[str, Collection] = {feature.kind.type: Collection(feature) for feature in FEATURES}


def pages_of(collection: Collection) -> None:
    """Give the list and the entries of a kind their addresses."""

    async def show_list(request: Request) -> Response:
        above = above_in(request)
        return await answer(request, "list.html", lambda look: collection.listed(look, above))

    async def show_one(request: Request) -> Response:
        above, key = above_in(request), request.path_params["key"]
        template, tell = STORIES.get(collection.kind.type, ("one.html", nothing_more))

        def show(look: Look) -> Content:
            content = collection.shown(look, above, key)
            return {**content, **tell(look, content["said"])}

        return await answer(request, template, show)

    path, name = f"/{collection.kind.path}", collection.kind.type
    router.add_api_route(path, show_list, name=f"show_list_of_{name}")
    router.add_api_route(f"{path}/{{key}}", show_one, name=f"show_{name}")


def nothing_more(_look: Look, _said: Mapping[str, Any]) -> Content:
    """For kinds whose fields say it all."""
    return {}


STORIES: Mapping[str, tuple[str, Callable[[Look, Mapping[str, Any]], Content]]] = {
    DECISIONS.type: ("decision.html", story)
}
"""What pages show beside the fields: a template, and what it needs."""


def above_in(request: Request) -> UUID | None:
    """The id of what something stands below in an address; raises NotFound for what is none."""
    id = request.path_params.get("id")
    return None if id is None else uuid_of(id)


for each in COLLECTIONS.values():
    pages_of(each)
