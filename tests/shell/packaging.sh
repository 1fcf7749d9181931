#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# What packaging/ gives to other programs, checked by those programs: Prometheus, Alertmanager, systemd, NATS, and the
# schemas of Grafana and Kubernetes.
set -eu
# shellcheck source=common.sh
. "$(dirname -- "$0")/common.sh"

if servers=$(scripts/servers.sh prometheus); then
    tools=$servers/usr/bin
    (
        cd packaging/prometheus
        "$tools/promtool" check config prometheus.yml
        "$tools/promtool" test rules rules.test.yml
    ) || fail "the rules for Prometheus, see above"
    "$tools/amtool" check-config packaging/alertmanager/alertmanager.yml || fail "the example for Alertmanager, see above"
    # Grafana asks these; its variables are put in as it would.
    python3 - packaging/grafana/iqa-watch.json >"$TEST_TMP/expressions.yml" <<'PY'
import json, sys

board = json.load(open(sys.argv[1]))
rules = []
for panel in board["panels"]:
    for target in panel["targets"]:
        expression = target["expr"].replace("$__rate_interval", "1m").replace("$source", ".*").replace("$tag", ".*")
        rules.append({"record": f"panel:{panel['id']}:{target['refId']}", "expr": expression})
print(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))
PY
    "$tools/promtool" check rules "$TEST_TMP/expressions.yml" || fail "the dashboard's expressions, see above"
else
    echo "SKIPPED: rules and examples for Prometheus and Alertmanager: their tools could not be fetched"
fi

if schema=$(scripts/grafana-schema.sh); then
    PYTHONPATH=$schema python3 - packaging/grafana/iqa-watch.json <<'PY' || fail "the dashboard is not as Grafana's schema says"
import json, sys
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

board = json.load(open(sys.argv[1]))
read = json.loads(JSONEncoder().encode(Dashboard.from_json(board)))

# What the schema does not know is lost on the way through its types.
def compare(given, kept, place):
    if isinstance(given, dict) and isinstance(kept, dict):
        for key, value in given.items():
            assert key in kept, f"{place}/{key} is not in the schema"
            compare(value, kept[key], f"{place}/{key}")
    elif isinstance(given, list) and isinstance(kept, list):
        assert len(given) == len(kept), place
        for number, pair in enumerate(zip(given, kept)):
            compare(*pair, f"{place}/{number}")
    else:
        assert given == kept, f"{place}: {given!r} becomes {kept!r}"

compare(board, read, "")
PY
else
    echo "SKIPPED: the dashboard: Grafana's schema could not be fetched"
fi

if python=$(scripts/kubernetes-schema.sh); then
    "$python" - packaging/kubernetes/*.yml <<'PY' || fail "the manifests are not as Kubernetes' schemas say"
import sys, kubernetes_validate, yaml

count = 0
for name in sys.argv[1:]:
    for manifest in yaml.safe_load_all(open(name)):
        kubernetes_validate.validate(manifest, "1.37", strict=True)
        count += 1
assert count == 5, count
PY
    # The server's own check of the configuration in the manifest.
    if servers=$(scripts/servers.sh nats); then
        "$python" -c 'import sys, yaml; print(next(iter(yaml.safe_load_all(open(sys.argv[1]))))["data"]["nats.conf"])' \
            packaging/kubernetes/nats.yml >"$TEST_TMP/nats.conf"
        NATS_PASSWORD=secret "$servers/usr/bin/nats-server" -t -c "$TEST_TMP/nats.conf" ||
            fail "the configuration of NATS in packaging/kubernetes/nats.yml, see above"
    else
        echo "SKIPPED: the configuration of NATS: nats-server could not be fetched"
    fi
else
    echo "SKIPPED: the manifests for Kubernetes: its schemas could not be fetched"
fi

if command -v systemd-analyze >/dev/null 2>&1; then
    for unit in iqa-watch.service iqa-farm-work@.service; do
        # The program need not be installed here.
        sed 's#^ExecStart=[^ ]*#ExecStart=/bin/true#' "packaging/systemd/$unit" >"$TEST_TMP/$unit"
        instance=$(echo "$unit" | sed 's/@/@cpu/')
        [ "$instance" = "$unit" ] || cp "$TEST_TMP/$unit" "$TEST_TMP/$instance"
        said=$(systemd-analyze verify --man=no "$TEST_TMP/$instance" 2>&1) || fail "$unit: $said"
        [ -z "$said" ] || fail "$unit: $said"
        # 10 is a service without any restriction; the hardened ones of Debian have about 2.
        systemd-analyze security --offline=yes --no-pager --threshold=25 "$TEST_TMP/$instance" >"$TEST_TMP/security" ||
            fail "$unit is open: $(tail -n 1 "$TEST_TMP/security")"
    done
else
    echo "SKIPPED: the systemd units: there is no systemd-analyze"
fi
