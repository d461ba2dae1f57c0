"""Clients that the generators for TypeScript make compile strictly and work against the service; `make contract` tries it."""

import json
import os
import shutil
from pathlib import Path

import httpx
import pytest

from tests.factories import NOWHERE, goal_id
from tests.processes import environment, serving, succeed
from tests.schemas import COMMITTED

TOOLS = COMMITTED.parent / "node_modules"
PROGRAMS = Path(__file__).parent / "programs"
STRICT = (
    "--strict --noUncheckedIndexedAccess --target es2022 --lib es2022,dom --module node16 --moduleResolution node16"
)
GENERATE = {
    # What has a default may be left out, which this generator does not think by itself.
    "with_types": ("openapi-typescript", str(COMMITTED), "--default-non-nullable=false", "--output", "register.ts"),
    "with_functions": ("openapi-ts", "--input", str(COMMITTED), "--output", "heyapi"),
}


@pytest.mark.thorough
@pytest.mark.skipif(
    "REGISTER_NODE" not in os.environ, reason="`make contract` asks for it: it takes a minute of npm's tools"
)
@pytest.mark.parametrize("program", GENERATE)
async def test_program_makes_a_round_trip_without_glue(program: str, tmp_path: Path) -> None:
    """Create, page through a list, follow the feed by kinds, meet a problem: nothing but generated code and its own client."""
    (tmp_path / "node_modules").symlink_to(TOOLS)
    (tmp_path / "package.json").write_text("{}", "utf-8")
    shutil.copy(PROGRAMS / f"{program}.ts", tmp_path)
    generator, *arguments = GENERATE[program]
    said = await succeed(str(TOOLS / ".bin" / generator), *arguments, cwd=tmp_path)
    assert "warn" not in said.lower()
    compiler = str(TOOLS / ".bin/tsc")
    await succeed(compiler, *STRICT.split(), "--skipLibCheck", "--outDir", "js", f"{program}.ts", cwd=tmp_path)
    async with serving(tmp_path) as port:
        base, key = f"http://127.0.0.1:{port}/v1", (tmp_path / "operator.key").read_text("ascii").strip()
        goal = goal_id(1)
        env = environment(BASE=base, KEY=key, GOAL=goal, NOWHERE=NOWHERE)
        told = json.loads(await succeed("node", f"js/{program}.js", cwd=tmp_path, env=env))
        async with httpx.AsyncClient(trust_env=False) as client:
            listed = (await client.get(f"{base}/sub-measures", params={"goal_id": goal})).json()["items"]
    titles = [each["title"] for each in listed]
    code = next(each["code"] for each in listed if each["title"] == "Teilmaßnahme")
    assert told == {
        "made": "Teilmaßnahme",
        "titles": titles,
        "told": [f"created {code} Teilmaßnahme"],
        "problem": "/problems/not-found",
    }
