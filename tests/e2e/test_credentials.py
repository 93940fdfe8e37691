# SPDX-License-Identifier: Apache-2.0
"""Logins of every kind, and that each is renewed without a restart: plug-ins, files that are rotated, impersonation."""

import datetime
import json

import pytest
from envtest import b64, never, to_yaml, wait_for, write_cluster_set
from objects import configmap, set_data, wait_data

V1 = "client.authentication.k8s.io/v1"


def write_login(tmp_path, hub, member, user):
    """A cluster set of the hub, and of that member as this user of a kubeconfig."""
    place = {"server": member.server, "certificate-authority-data": b64(member.authority.certificate.read_bytes())}
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "there", "cluster": place}],
        "users": [{"name": "me", "user": user}],
        "contexts": [{"name": member.name, "context": {"cluster": "there", "user": "me"}}],
    }
    (tmp_path / "login.kubeconfig").write_text(to_yaml(config))
    more = {member.name.replace("-", "_"): {"kubeconfig": "login.kubeconfig"}}
    return write_cluster_set(tmp_path / "login.yaml", [hub, member], hub.kubeconfig, **more)


class Plugin:
    """A script that counts its runs, and says what stands in its file for the run of that number, or in the last one."""

    def __init__(self, directory, secrets):
        self.directory = directory / "plugin"
        self.directory.mkdir()
        self.secrets = secrets
        self.command = self.directory / "login"
        self.says = 0

    def write(self):
        script = (
            "#!/bin/sh\ncd ${0%/*}\necho run >>runs\nN=$(wc -l <runs)\n[ -f $N.json ] || N=last\n"
            'NOW=$(date -u -d "+${SECONDS_LEFT:-600} seconds" +%FT%TZ)\nsed "s/@END@/$NOW/" $N.json\necho said >>said\n'
        )
        self.command.with_suffix(".new").write_text(script)
        self.command.with_suffix(".new").chmod(0o755)
        self.command.with_suffix(".new").rename(self.command)
        return self

    def say(self, end=True, **status):
        """The next of what it says."""
        self.says += 1
        self.secrets += [value for key, value in status.items() if key != "clientCertificateData"]
        if end:
            status["expirationTimestamp"] = "@END@"
        text = json.dumps({"kind": "ExecCredential", "apiVersion": V1, "spec": {}, "status": status})
        (self.directory / f"{self.says}.json").write_text(text)
        (self.directory / "last.json").write_text(text)
        return self

    def user(self, **more):
        """For a kubeconfig beside which its folder lies."""
        return {"exec": {"command": "plugin/login", "apiVersion": V1, "interactiveMode": "Never", **more}}

    def _lines(self, name):
        path = self.directory / name
        return len(path.read_text().splitlines()) if path.exists() else 0

    @property
    def runs(self):
        return self._lines("runs")

    @property
    def ended(self):
        return self._lines("said")


@pytest.fixture
def plugin(tmp_path, secrets):
    return Plugin(tmp_path, secrets)


def pair(cluster, user):
    """A certificate with its key, as a plug-in says them."""
    certificate, key = cluster.client_certificate(user, ["system:masters"])
    return {"clientCertificateData": certificate.read_text(), "clientKeyData": key.read_text()}


@pytest.fixture
def rules(hub, edge1, namespace):
    configmap(hub, namespace, "source", {"a": "1"})
    configmap(edge1, namespace, "copy", {}, {"data.a": "configmap:source:data.a"})

    def change(value, within=20):
        set_data(hub, "configmaps", namespace, "source", {"a": value})
        wait_data(edge1, "configmaps", namespace, "copy", {"a": value}, within)

    return change


def spoil(cluster, namespace, value):
    """Changes the copy by hand, and waits until it is mended: so somebody watches it."""
    set_data(cluster, "configmaps", namespace, "copy", {"a": "spoilt"})
    wait_data(cluster, "configmaps", namespace, "copy", {"a": value}, 40)


def start(fedcopy, cluster_set, namespace, **how):
    args = ("run", "--clusters", cluster_set, "--target", "configmaps", "--namespace", namespace)
    return fedcopy(*args, "--log-level", "debug", **how)


# --- Plug-ins ---------------------------------------------------------------------------------------------------------


def test_a_plugin_gives_a_token_once_for_all_requests(fedcopy, hub, edge1, namespace, rules, plugin, tmp_path):
    plugin.write().say(end=False, token=edge1.tokens["fedcopy"])
    with edge1.counting() as count:
        start(fedcopy, write_login(tmp_path, hub, edge1, plugin.user()), namespace)
        rules("2")
        assert count.requests(user="fedcopy", verb="patch", agent="fedcopy/")
    assert plugin.runs == 1


@pytest.mark.real("client certificates")
def test_a_plugin_gives_a_certificate_and_another_one_opens_connections_anew(
    fedcopy, hub, edge1, namespace, rules, plugin, tmp_path
):
    plugin.write().say(**pair(edge1, "first-login")).say(end=False, **pair(edge1, "second-login"))
    env = [{"name": "SECONDS_LEFT", "value": "8"}]
    with edge1.counting() as count:
        program = start(fedcopy, write_login(tmp_path, hub, edge1, plugin.user(env=env)), namespace)
        rules("2")
        assert count.requests(user="first-login", verb="patch")
        # A request that comes near its end makes it be asked for again; without one there is no need of another.
        deadline = datetime.datetime.now() + datetime.timedelta(seconds=60)
        value = 2
        while plugin.runs < 2:
            assert datetime.datetime.now() < deadline
            value += 1
            rules(str(value))
        # A watch is written down when it ends, at the latest.
        wait_for(lambda: count.requests(user="first-login", verb="watch"), 20, "the first's watches end")
        rules("last")
        spoil(edge1, namespace, "last")
        assert count.requests(user="second-login", verb="patch")
        assert program.running
    assert plugin.runs == 2


def test_a_plugins_token_is_renewed_before_it_ends(fedcopy, hub, edge1, namespace, rules, plugin, tmp_path, secrets):
    account = edge1.account(namespace, secrets)
    first, second = account.token("first"), account.token("second")
    plugin.write().say(token=first).say(end=False, token=second)
    env = [{"name": "SECONDS_LEFT", "value": "6"}]
    start(fedcopy, write_login(tmp_path, hub, edge1, plugin.user(env=env)), namespace)
    value = 1
    while plugin.runs < 2:
        value += 1
        assert value < 1000
        rules(str(value))
    wait_for(lambda: plugin.ended == 2, 10, "it has spoken")
    # What was on its way with the first one arrives.
    rules("renewed")
    account.take_back("first", first)
    with edge1.counting() as count:
        rules("last")
        # The server has never been asked with the old one again.
        assert not [request for request in count.requests(agent="fedcopy/") if request["code"] == 401]
    assert plugin.runs == 2


def test_a_refused_token_is_asked_for_again(fedcopy, hub, edge1, namespace, rules, plugin, tmp_path, secrets):
    account = edge1.account(namespace, secrets)
    first, second = account.token("first"), account.token("second")
    plugin.write().say(end=False, token="0123456789-no-such-token").say(end=False, token=first).say(end=False, token=second)
    program = start(fedcopy, write_login(tmp_path, hub, edge1, plugin.user()), namespace)
    rules("2")
    assert plugin.runs == 2
    # And later, when one that was good is not any more.
    account.take_back("first", first)
    rules("3", 40)
    assert plugin.runs == 3
    program.wait_rule("/copy")


def test_a_plugin_that_is_missing_is_named_with_its_hint_and_used_when_it_comes(
    fedcopy, hub, edge1, namespace, rules, plugin, tmp_path
):
    plugin.say(end=False, token=edge1.tokens["fedcopy"])
    cluster_set = write_login(tmp_path, hub, edge1, plugin.user(installHint="see https://login.example\u001b[1m"))
    program = start(fedcopy, cluster_set, namespace, ready=False)
    wait_for(lambda: "login plug-in failed" in program.stderr(), 10, "the log says it")
    text = program.stderr()
    assert "plugin/login" in text and "see https://login.example[1m" in text and "No such file" in text, text
    program.wait_ready(12)  # a member that cannot be logged in to holds up nobody
    plugin.write()
    rules("2")
    assert "login plug-in works again" in program.stderr()


def test_a_plugin_that_hangs_is_ended_with_the_program(fedcopy, hub, edge1, namespace, plugin, tmp_path):
    plugin.command.write_text("#!/bin/sh\necho run >>${0%/*}/runs\necho $$ >${0%/*}/pid\nexec sleep 1000\n")
    plugin.command.chmod(0o755)
    program = start(fedcopy, write_login(tmp_path, hub, edge1, plugin.user()), namespace, ready=False)
    pid = plugin.directory / "pid"
    wait_for(lambda: pid.exists() and pid.read_text().strip(), 10, "it runs")
    number = int(pid.read_text())
    assert program.stop() == 0
    with pytest.raises(OSError):
        with open(f"/proc/{number}/stat", encoding="ascii") as file:
            file.read()


def test_a_plugin_that_always_needs_a_terminal_is_refused_at_the_start(fedcopy, hub, edge1, plugin, tmp_path):
    cluster_set = write_login(tmp_path, hub, edge1, plugin.user(interactiveMode="Always"))
    result = fedcopy.run("run", "--clusters", cluster_set, "--target", "configmaps")
    assert result.status == 2 and "interactiveMode: Always needs somebody at a terminal" in result.err, result


# --- Impersonation ----------------------------------------------------------------------------------------------------


def impersonated(cluster, offset):
    """(user, as whom, as which groups) of the requests of fedcopy since then."""
    with open(cluster.audit_log, "rb") as file:
        file.seek(offset)
        lines = [line for line in file.read().splitlines() if line.endswith(b"}")]
    events = [event for event in map(json.loads, lines) if "fedcopy/" in event.get("userAgent", "")]
    return {
        (
            event["user"]["username"],
            event.get("impersonatedUser", {}).get("username"),
            tuple(event.get("impersonatedUser", {}).get("groups", ())),
        )
        for event in events
    }


@pytest.mark.real("impersonation")
def test_impersonation_goes_with_every_request(fedcopy, hub, edge1, namespace, rules, tmp_path, secrets):
    # `limited` may do nothing but be jane, of those groups; jane may do nothing but what her group may, here.
    secrets.append(edge1.tokens["limited"])
    api = edge1.api
    rules_of = [
        {"apiGroups": [""], "resources": ["users"], "verbs": ["impersonate"], "resourceNames": ["jane"]},
        {"apiGroups": [""], "resources": ["groups"], "verbs": ["impersonate"], "resourceNames": ["copiers"]},
    ]
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": namespace}
    limited = {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "limited"}
    api.create("clusterroles", None, {"metadata": {"name": namespace}, "rules": rules_of})
    api.create("clusterrolebindings", None, {"metadata": {"name": namespace}, "roleRef": reference, "subjects": [limited]})
    group = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "copiers"}
    admin = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"}
    api.create("rolebindings", namespace, {"metadata": {"name": "copiers"}, "roleRef": admin, "subjects": [group]})
    user = {"token": edge1.tokens["limited"], "as": "jane", "as-groups": ["copiers"]}
    offset = edge1.audit_offset()
    try:
        start(fedcopy, write_login(tmp_path, hub, edge1, user), namespace)
        rules("2")
        assert impersonated(edge1, offset) == {("limited", "jane", ("copiers", "system:authenticated"))}
    finally:
        api.delete("clusterrolebindings", None, namespace)
        api.delete("clusterroles", None, namespace)


@pytest.mark.real("impersonation")
def test_impersonation_that_is_not_allowed_is_forbidden(fedcopy, hub, edge1, namespace, tmp_path):
    configmap(hub, namespace, "source", {"a": "1"})
    configmap(edge1, namespace, "copy", {"a": "x"}, {"data.a": "configmap:source:data.a"})
    user = {"token": edge1.tokens["limited"], "as": "jane"}
    program = start(fedcopy, write_login(tmp_path, hub, edge1, user), namespace, ready=False)
    wait_for(lambda: "403" in program.stderr(), 20, "the log says 403")
    never(lambda: edge1.api.get("configmaps", namespace, "copy")["data"] != {"a": "x"}, 1)


# --- Files that are rotated -------------------------------------------------------------------------------------------


def test_a_rotated_token_file_is_read_at_the_next_refusal(fedcopy, hub, edge1, namespace, rules, tmp_path, secrets):
    account = edge1.account(namespace, secrets)
    first, second = account.token("first"), account.token("second")
    (tmp_path / "token").write_text(first)
    start(fedcopy, write_login(tmp_path, hub, edge1, {"tokenFile": "token"}), namespace)
    rules("2")
    (tmp_path / "token.new").write_text(second + "\n")
    (tmp_path / "token.new").rename(tmp_path / "token")
    account.take_back("first", first)
    rules("3")


@pytest.mark.real("client certificates")
def test_a_rotated_client_certificate_is_used_for_the_next_connection(fedcopy, hub, edge1, namespace, rules, tmp_path):
    def rotate(user):
        for file, name in zip(edge1.client_certificate(user, ["system:masters"]), ("client.crt", "client.key")):
            (tmp_path / f"{name}.new").write_bytes(file.read_bytes())
            (tmp_path / f"{name}.new").rename(tmp_path / name)

    rotate("first-file")
    user = {"client-certificate": "client.crt", "client-key": "client.key"}
    with edge1.counting() as count:
        program = start(fedcopy, write_login(tmp_path, hub, edge1, user), namespace)
        rules("2")
        assert count.requests(user="first-file", verb="patch")
        assert not count.requests(user="second-file")
    rotate("second-file")
    edge1.kill()
    offset = edge1.audit_offset()
    edge1.start()
    spoil(edge1, namespace, "2")
    rules("3")
    assert edge1.audit(offset, user="second-file", verb="patch")
    assert not edge1.audit(offset, user="first-file")
    assert "client certificate files have changed" in program.stderr()
