"""What ships beside the executable: units, package, image, compose file, Kubernetes, chart, bill of materials."""

import json
import os
import re
import shutil

import pytest
import yaml

from harness.packaging import (
    DEPLOY, ROOT, documents, is_packed, libraries_needed, of_kind, rendered, run, schema_registry, tool, weir_check)
from harness.process import Process

YAML_FILES = sorted(
    path for folder in ("deploy", "dashboards") for pattern in ("*.yaml", "*.yml")
    for path in (ROOT / folder).rglob(pattern) if "templates" not in path.parts)
VARIANTS = {
    "keys": {"secrets": {"WEIR_CLIENT_KEYS": "app:key"}},
    "open": {"insecure": True, "networkPolicy": {"enabled": False}},
    "operator": {"secrets": {"existingSecret": "mine"}, "podMonitor": {"enabled": True},
                 "prometheusRule": {"enabled": True, "labels": {"release": "prometheus"}},
                 "networkPolicy": {"clientNamespaces": ["apps", "batch"]}},
    "kept": {"insecure": True, "replicas": 1, "persistence": {"enabled": True, "storageClass": "fast"},
             "nodeSelector": {"disk": "ssd"}, "podAnnotations": {"a": "b"}},
    "fleet": {"insecure": True, "replicas": 3, "redis": {"enabled": True}},
    "own store": {"secrets": {"WEIR_CLIENT_KEYS": "app:key", "WEIR_REDIS_URL": "redis://:password@store:6379"}},
}


@pytest.fixture(scope="module")
def packed(binary):
    """An executable that may be shipped; a debug build is none."""
    if not is_packed(binary):
        pytest.skip("WEIR_BIN is a debug build; deploy/test e2e tests the release executable")
    return binary


# -- the executable -------------------------------------------------------------------------------------------

def test_the_version_carries_the_commit_that_the_build_was_told(binary):
    told = run(binary, "--version").stdout.strip()
    assert re.fullmatch(r"\d+\.\d+\.\d+( \([0-9a-f]{12}(-dirty)?\))?", told)


def test_it_needs_only_common_libraries_of_the_system(packed):
    """Each is a package that Debian has; Deploying.md names them."""
    allowed = ("libcurl.", "libhiredis.", "libnghttp2.", "libz.", "libstdc++.", "libgcc_s.", "libm.", "libc.",
               "libsimdjson.", "ld-linux", "libre2.", "libsqlite3.")
    assert [name for name in libraries_needed(packed) if not name.startswith(allowed)] == []


def test_it_is_stripped_and_small_enough_to_copy_around(packed):
    assert packed.stat().st_size < 40_000_000
    assert "no symbols" in (told := run("nm", packed, check=False)).stdout + told.stderr


def test_completions_know_commands_and_options(binary, tmp_path):
    for shell in ("bash", "zsh", "fish"):
        script = run(binary, "--generate-completion-script", shell).stdout
        assert all(word in script for word in ("serve", "rollout", "take-over", "env-file"))
    (tmp_path / "weir.bash").write_text(run(binary, "--generate-completion-script", "bash").stdout)
    run("bash", "-n", tmp_path / "weir.bash")


def test_the_manual_page_has_every_command_and_option(binary):
    page = run(DEPLOY / "man", binary).stdout
    tree = json.loads(run(binary, "--experimental-dump-help").stdout)["command"]
    for command in tree["subcommands"]:
        if command["commandName"] == "help":
            continue
        assert f".SS weir {command['commandName']}" in page
        for argument in command.get("arguments", []):
            for name in argument.get("names", []):
                if name["kind"] == "long" and name["name"] not in ("help", "version"):
                    assert name["name"].replace("-", "\\-") in page
    assert page.startswith(".TH WEIR 1") and ".SH EXIT STATUS" in page


@pytest.mark.timeout(180)
def test_the_bill_of_materials_is_valid_and_complete(binary):
    import cyclonedx.schema
    import jsonschema
    from pathlib import Path
    folder = Path(cyclonedx.schema.__file__).parent / "_res"
    schema = json.loads((folder / "bom-1.6.SNAPSHOT.schema.json").read_text())
    found = json.loads(run(DEPLOY / "sbom", binary).stdout)
    errors = jsonschema.Draft7Validator(schema, registry=schema_registry(folder)).iter_errors(found)
    assert [error.message for error in errors] == []
    names = {part["name"].lower() for part in found["components"]}
    for pin in json.loads((ROOT / "Package.resolved").read_text())["pins"]:
        assert pin["location"].removesuffix(".git").rsplit("/", 1)[1].lower() in names
    linked = [part for part in found["components"] if part["purl"].startswith("pkg:deb/")]
    for library in libraries_needed(binary):
        if not library.startswith(("ld-linux", "libswift", "lib_", "libFoundation", "libBlocks", "libdispatch")):
            assert any(part["name"] == library and "dynamic" in str(part["properties"]) for part in linked), library
    assert {"libcurl.so.4", "libz.so.1"} <= {part["name"] for part in linked}
    assert found == json.loads(run(DEPLOY / "sbom", binary).stdout), "equal inputs give equal output"


# -- systemd --------------------------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def installed(binary, tmp_path_factory):
    root = tmp_path_factory.mktemp("root")
    run(DEPLOY / "install", "--root", root, environment=os.environ | {"WEIR_BIN": str(binary)})
    return root


@pytest.mark.timeout(180)
def test_an_installation_has_everything_and_keeps_what_was_there(binary, installed):
    for place in ("usr/local/bin/weir", "usr/local/share/man/man1/weir.1.gz", "etc/systemd/system/weir.service",
                  "usr/local/share/bash-completion/completions/weir", "usr/local/share/doc/weir/weir.cdx.json",
                  "etc/systemd/system/weir@.service", "etc/systemd/system/weir-traffic.socket"):
        assert (installed / place).is_file(), place
    keys = installed / "etc/default/weir"
    assert keys.stat().st_mode & 0o777 == 0o600, "it holds keys"
    keys.write_text("OPENROUTER_API_KEY=mine\n")
    run(DEPLOY / "install", "--root", installed, environment=os.environ | {"WEIR_BIN": str(binary)})
    assert keys.read_text() == "OPENROUTER_API_KEY=mine\n"


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd on this machine")
def test_the_units_are_right_and_closed_off(installed):
    """2.0 of 10 is the most exposure that `systemd-analyze security` may see."""
    for unit in ("weir.service", "weir@a.service"):
        text = (installed / "etc/systemd/system" / unit.replace("@a", "@")).read_text()
        assert "/usr/local/bin/weir serve" in text
    units = sorted((installed / "etc/systemd/system").glob("weir*"))
    names = [unit.name.replace("@.", "@a.") for unit in units]
    # The root lacks the targets and units that every machine has; what is left to say is about these files alone.
    told = run("systemd-analyze", "verify", "--man=no", f"--root={installed}", *names, check=False)
    about_us = [line for line in (told.stdout + told.stderr).splitlines()
                if "weir" in line and "not found" not in line and "/bin/sh" not in line]
    assert about_us == []
    for unit in ("weir.service", "weir@.service"):
        run("systemd-analyze", "security", "--offline=true", "--threshold=20",
            installed / "etc/systemd/system" / unit)


def test_the_settings_that_ship_are_valid(binary, tmp_path):
    shipped = DEPLOY / "systemd"
    told = weir_check(binary, tmp_path, (shipped / "weir.default").read_text(), (shipped / "weir.yaml").read_text())
    assert told.returncode == 0, told.stderr
    filled = re.sub(r"^#(?=[A-Z])", "", (shipped / "weir.default").read_text(), flags=re.MULTILINE)
    told = weir_check(binary, tmp_path, filled)
    assert told.returncode == 0, told.stderr
    assert weir_check(binary, tmp_path, "", (DEPLOY / "compose/weir.yaml").read_text()).returncode == 0


# -- the package ----------------------------------------------------------------------------------------------

@pytest.mark.timeout(300)
@pytest.mark.skipif(not shutil.which("lintian"), reason="no lintian on this machine")
def test_the_debian_package_is_built_and_lintian_finds_nothing(packed, tmp_path):
    built = run(DEPLOY / "deb/build", tmp_path, environment=os.environ | {"WEIR_BIN": str(packed)}).stdout.strip()
    fields = run("dpkg-deb", "--field", built).stdout
    assert "libcurl4" in fields and "ca-certificates" in fields and "libstdc++6" in fields
    listed = run("dpkg-deb", "--contents", built).stdout
    for place in ("./usr/bin/weir", "./lib/systemd/system/weir.service", "./usr/share/man/man1/weir.1.gz"):
        assert place in listed
    run("dpkg-deb", "--control", built, tmp_path / "control")
    assert (tmp_path / "control/conffiles").read_text().split() == ["/etc/default/weir", "/etc/weir/weir.yaml"]
    told = run("lintian", "--fail-on", "error,warning", "--suppress-tags", "mismatched-override", "--tag-display-limit", "0",
               "--allow-root", built, check=False)
    assert told.returncode == 0, told.stdout


# -- containers -----------------------------------------------------------------------------------------------

def test_the_dockerfile_passes_hadolint():
    run(tool("hadolint"), DEPLOY / "docker/Dockerfile")


@pytest.mark.skipif(os.geteuid() != 0, reason="chroot needs root")
def test_what_the_image_holds_is_enough_to_run(packed, simulator, tmp_path):
    """The final stage's files, in a root of their own with nothing else."""
    root = tmp_path / "image"
    (root / "usr/bin").mkdir(parents=True)
    (root / "tmp").mkdir()
    shutil.copy(packed, root / "usr/bin/weir")
    run(DEPLOY / "docker/collect", packed, root)
    (root / "proc").mkdir()
    # As every container has it, in a mount namespace that ends with the process.
    inside = ["unshare", "--mount", "sh", "-c", 'mount -t proc proc "$0/proc" && exec chroot "$0" "$@"', root]
    weir = Process([*inside, "/usr/bin/weir", "serve"], tmp_path, {
        "WEIR_LISTEN": "127.0.0.1:0", "WEIR_ADMIN_LISTEN": "127.0.0.1:0", "WEIR_PORT_FILE": "/tmp/ports.json",
        "WEIR_LEDGER": "off", "WEIR_UPSTREAM_URL": simulator.url, "OPENROUTER_API_KEY": "sk-test"}, "weir")
    try:
        ports = weir.await_value(
            lambda: json.loads((root / "tmp/ports.json").read_text()) if (root / "tmp/ports.json").exists() else None)
        run(*inside, "/usr/bin/weir", "health", "--ready", "--admin", f"127.0.0.1:{ports['admin']}")
        assert (root / "etc/ssl/certs/ca-certificates.crt").stat().st_size > 100_000
    finally:
        weir.kill()


@pytest.mark.skipif(os.geteuid() != 0, reason="chroot needs root")
@pytest.mark.parametrize("command", ["--version", "serve", "check"])
def test_without_proc_it_says_what_it_lacks(packed, tmp_path, command):
    """The Swift runtime would take every command for `serve`, and crash soon after."""
    root = tmp_path / "bare"
    (root / "usr/bin").mkdir(parents=True)
    shutil.copy(packed, root / "usr/bin/weir")
    run(DEPLOY / "docker/collect", packed, root)
    done = run("chroot", root, "/usr/bin/weir", command, check=False)
    assert done.returncode == 69 and done.stdout == ""
    assert done.stderr.startswith("weir: /proc is not mounted") and done.stderr.count("\n") == 1


def test_the_compose_file_fits_its_schema_and_names_files_that_are_there():
    import check_jsonschema
    import jsonschema
    from pathlib import Path
    schema = Path(check_jsonschema.__file__).parent / "builtin_schemas/vendor/compose-spec.json"
    compose = yaml.safe_load((DEPLOY / "compose/compose.yaml").read_text())
    jsonschema.validate(compose, json.loads(schema.read_text()))
    for service in compose["services"].values():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert not source.startswith(".") or (DEPLOY / "compose" / source).exists(), source
    sharing = [each["environment"]["WEIR_REDIS_URL"] for each in compose["services"].values()
               if "WEIR_REDIS_URL" in each.get("environment", {})]
    assert sharing == ["redis://redis:6379"] * 2 and "redis" in compose["services"]


def test_the_dashboards_source_of_data_is_provisioned():
    sources = yaml.safe_load((DEPLOY / "compose/grafana/provisioning/datasources/prometheus.yaml").read_text())
    kinds = {source["type"] for source in sources["datasources"]}
    for board in (ROOT / "dashboards/grafana").glob("*.json"):
        wanted = [each for each in json.loads(board.read_text())["templating"]["list"] if each["type"] == "datasource"]
        assert {each["query"] for each in wanted} <= kinds


# -- Kubernetes -----------------------------------------------------------------------------------------------

def check_kubernetes(document: dict) -> None:
    import kubernetes_validate
    if document["apiVersion"].startswith("monitoring.coreos.com/"):
        return  # the operator's own kinds, whose schemas are in the cluster
    kubernetes_validate.validate(document, kubernetes_validate.latest_version(), strict=True)


@pytest.mark.parametrize("path", sorted((DEPLOY / "kubernetes").glob("*.yaml")), ids=lambda path: path.name)
def test_kubernetes_takes_the_examples(path):
    found = documents(path.read_text())
    assert found
    for document in found:
        check_kubernetes(document)


def test_the_sidecars_settings_are_valid_for_weir(binary, tmp_path):
    found = documents((DEPLOY / "kubernetes/sidecar.yaml").read_text())
    pod = of_kind("Deployment", found)["spec"]["template"]["spec"]
    sidecar = pod["initContainers"][0]
    assert sidecar["restartPolicy"] == "Always"
    environment = {each["name"]: each["value"] for each in sidecar["env"] if "value" in each}
    environment = {name: value for name, value in environment.items() if not value.startswith("/")}
    environment |= of_kind("Secret", found)["stringData"]
    data = of_kind("ConfigMap", found)["data"]
    told = weir_check(binary, tmp_path, data["weir.env"], data["weir.yaml"], environment)
    assert told.returncode == 0, told.stderr
    assert "KIMI_ROLLOUT_PERCENTAGE" in told.stdout
    app = {each["name"]: each["value"] for each in pod["containers"][0]["env"]}
    assert app["OPENAI_BASE_URL"].endswith(environment["WEIR_LISTEN"] + "/v1")


def test_helm_finds_nothing_to_complain_of():
    from helm_python.chart import lint
    found = lint(DEPLOY / "helm/weir", values=VARIANTS["keys"])
    assert found["errors"] == [] and [each for each in found["messages"] if each["severity"] > 1] == []


@pytest.mark.parametrize("variant", VARIANTS)
def test_kubernetes_takes_what_the_chart_makes(variant, binary, tmp_path):
    found = rendered(VARIANTS[variant])
    for document in found:
        check_kubernetes(document)
    container = of_kind("Deployment", found)["spec"]["template"]["spec"]["containers"][0]
    environment = {each["name"]: each["value"] for each in container["env"] if not each["value"].startswith("/")}
    secrets = [each["stringData"] for each in found if each["kind"] == "Secret" and "stringData" in each]
    for each in secrets or [{"WEIR_CLIENT_KEYS": "app:key"}]:
        environment |= each or {}
    data = of_kind("ConfigMap", found)["data"]
    told = weir_check(binary, tmp_path, data["weir.env"], data["weir.yaml"], environment)
    assert told.returncode == 0, told.stderr


def test_a_changed_setting_restarts_no_pod_and_a_changed_key_does():
    def template(**changes) -> dict:
        return of_kind("Deployment", rendered(VARIANTS["keys"] | changes))["spec"]["template"]
    assert template() == template(settings={"KIMI_ROLLOUT_PERCENTAGE": "25"})
    assert template() != template(secrets={"WEIR_CLIENT_KEYS": "app:other"})


@pytest.mark.parametrize("values", [
    {}, {"insecure": True, "replicas": 0}, {"insecure": True, "unknown": 1}, {"secrets": {"WEIR_CLIENT_KEYS": "nokey"}},
    {"insecure": True, "redis": {"enabled": True, "url": "redis://r"}},
    {"insecure": True, "redis": {"enabled": True}, "secrets": {"WEIR_REDIS_URL": "redis://r"}},
    {"insecure": True, "secrets": {"WEIR_REDIS_URL": "redisss://r"}},
    {"insecure": True, "settings": {"OPENROUTER_API_KEY": "sk"}}, {"insecure": True, "settings": {"WEIR_CLIENT_KEYS": "a:b"}},
    {"insecure": True, "persistence": {"enabled": True}, "replicas": 2}], ids=str)
def test_the_chart_refuses_values_that_cannot_work(values):
    from helm_python.errors import HelmError
    with pytest.raises(HelmError):
        rendered(values)


def test_the_charts_rules_are_those_of_the_dashboards(tmp_path):
    rule = of_kind("PrometheusRule", rendered(VARIANTS["operator"]))
    shipped = [yaml.safe_load((ROOT / f"dashboards/prometheus/weir-{name}.rules.yml").read_text())["groups"]
               for name in ("recording", "alerts")]
    assert rule["spec"]["groups"] == shipped[0] + shipped[1]
    (tmp_path / "rules.yml").write_text(yaml.safe_dump(rule["spec"]))
    run("promtool", "check", "rules", tmp_path / "rules.yml")


# -- YAML and Prometheus --------------------------------------------------------------------------------------

def test_every_yaml_file_passes_yamllint():
    assert len(YAML_FILES) > 12
    run(tool("yamllint"), "--strict", "-c", DEPLOY / "yamllint.yaml", *YAML_FILES)


@pytest.mark.parametrize("path", ["dashboards/prometheus/prometheus.example.yml", "deploy/compose/prometheus.yml"])
def test_prometheus_takes_the_configurations_that_ship(path, tmp_path):
    for rules in (ROOT / "dashboards/prometheus").glob("*.rules.yml"):
        shutil.copy(rules, tmp_path)
    shutil.copy(ROOT / path, tmp_path / "prometheus.yml")
    run("promtool", "check", "config", tmp_path / "prometheus.yml")
