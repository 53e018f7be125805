"""What ships beside the executable, read as its users' tools read it."""

import json
import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[3]
DEPLOY = ROOT / "deploy"


def run(*command, cwd=None, environment=None, check: bool = True) -> subprocess.CompletedProcess:
    """A command's end; fails with what it said."""
    found = subprocess.run([str(part) for part in command], cwd=cwd, env=environment, capture_output=True, text=True)
    assert not check or found.returncode == 0, f"{command}: exit {found.returncode}\n{found.stdout}\n{found.stderr}"
    return found


def documents(text: str) -> list:
    """All documents of a YAML text that are not empty."""
    return [each for each in yaml.safe_load_all(text) if each]


def rendered(values: dict, name: str = "demo") -> list:
    """The chart's documents by Helm's own engine."""
    from helm_python.chart import Chart
    with Chart.load(DEPLOY / "helm/weir") as chart:
        made = chart.render(values=values, name=name)
    return [each for path, text in made.items() if path.endswith(".yaml") for each in documents(text)]


def of_kind(kind: str, found: list) -> dict:
    """The one document of a kind."""
    matching = [each for each in found if each["kind"] == kind]
    assert len(matching) == 1, f"{len(matching)} documents of kind {kind}"
    return matching[0]


@cache
def schema_registry(folder: Path):
    """Schemas of a folder that refer to each other by file name."""
    from referencing import Registry, Resource
    from referencing.jsonschema import DRAFT7
    found = [(path.name, Resource.from_contents(json.loads(path.read_text()), default_specification=DRAFT7))
             for path in folder.glob("*.schema.json")]
    return Registry().with_resources(
        found + [(f"http://cyclonedx.org/schema/{name}", each) for name, each in found])


def libraries_needed(binary: Path) -> list:
    """The shared libraries that an executable itself names."""
    told = run("objdump", "-p", binary).stdout
    return [line.split()[1] for line in told.splitlines() if line.strip().startswith("NEEDED")]


def is_packed(binary: Path) -> bool:
    """Whether the executable is one that may be shipped: a debug build needs the toolchain's libraries."""
    return not any("swift" in name for name in libraries_needed(binary))


def weir_check(binary: Path, folder: Path, env_text: str = "", yaml_text: str = "", environment=None):
    """`weir check` on settings as they ship."""
    (folder / "settings.env").write_text(env_text)
    (folder / "settings.yaml").write_text(yaml_text)
    bare = {"PATH": os.environ["PATH"], "OPENROUTER_API_KEY": "sk-test"}
    return run(binary, "check", "--env-file", "settings.env", "--config", "settings.yaml", cwd=folder,
               environment=bare | (environment or {}), check=False)


def tool(name: str) -> str:
    """A program of the tests' own Python environment, or of the machine."""
    import sys
    beside = Path(sys.executable).parent / name
    found = str(beside) if beside.exists() else shutil.which(name)
    assert found, f"{name} is needed"
    return found
