#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# What packaging/ gives to other programs, checked by those programs: Prometheus, Alertmanager, systemd, and Grafana's schema.
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

if command -v systemd-analyze >/dev/null 2>&1; then
    # The program need not be installed here.
    sed 's#^ExecStart=[^ ]*#ExecStart=/bin/true#' packaging/systemd/iqa-watch.service >"$TEST_TMP/iqa-watch.service"
    said=$(systemd-analyze verify --man=no "$TEST_TMP/iqa-watch.service" 2>&1) || fail "the unit: $said"
    [ -z "$said" ] || fail "the unit: $said"
    # 10 is a service without any restriction; the hardened ones of Debian have about 2.
    systemd-analyze security --offline=yes --no-pager --threshold=25 "$TEST_TMP/iqa-watch.service" >"$TEST_TMP/security" ||
        fail "the unit is open: $(tail -n 1 "$TEST_TMP/security")"
else
    echo "SKIPPED: the systemd unit: there is no systemd-analyze"
fi
