// SPDX-License-Identifier: MPL-2.0

//! From a dark picture to the notification: directly, and through Prometheus and Alertmanager.

use crate::common::{LONG, Server, Watch, h264, root};
use onnx_iqa_testkit as kit;
use onnx_iqa_testkit::slow;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

/// A camera whose alarm is raised quickly.
const ALARM: &str = "model = 'none'\nalarms.black = { for = '1s' }";

/// The next message with that status about an alarm of that kind, within a time limit.
#[track_caller]
fn called(calls: &Receiver<kit::Post>, status: &str, kind: &str, limit: Duration) -> Value {
    let end = Instant::now() + limit;
    loop {
        let left = end.saturating_duration_since(Instant::now());
        let post = calls.recv_timeout(left).unwrap_or_else(|_| panic!("no message: {kind} {status}"));
        let message: Value = serde_json::from_str(&post.body).expect("JSON");
        let alerts = message["alerts"].as_array().expect("alerts");
        let fits = |alert: &&Value| alert["status"] == status && alert["labels"]["kind"] == kind;
        if let Some(alert) = alerts.iter().find(fits) {
            return alert.clone();
        }
    }
}

#[test]
fn a_dark_picture_notifies_directly() {
    let Some(mut server) = Server::start(&[], &[format!("cam={}", h264("smpte75"))]) else { return };
    let (operators, calls) = kit::webhook(Vec::new());
    let uri = server.uri("cam");
    let config = format!("[webhook]\nurl = 'http://{operators}/'\n[[camera]]\nname = 'cam'\nuri = '{uri}'\n{ALARM}");
    let mut watch = Watch::start(&config);
    watch.wait_for("cam", "live");
    server.set("cam", "src", "pattern", "black");
    let alert = called(&calls, "firing", "black", LONG);
    assert_eq!(alert["labels"]["source"], "cam");
    server.set("cam", "src", "pattern", "smpte75");
    let ended = called(&calls, "resolved", "black", LONG);
    assert_eq!(ended["fingerprint"], alert["fingerprint"]);
    let metrics = watch.get("metrics").expect("metrics");
    assert!(metrics.contains("iqa_notifications_total{to=\"webhook\"} 2"), "{metrics}");
}

/// A server from a Debian package, which ends with the test.
struct Running(Child);

impl Running {
    fn start(program: &Path, arguments: &[String]) -> Self {
        let quiet = || Stdio::null();
        let child = Command::new(program).args(arguments).stdin(quiet()).stdout(quiet()).stderr(quiet()).spawn();
        Self(child.expect("it runs"))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill().and_then(|()| self.0.wait());
    }
}

/// Runs the command with Alertmanager's templates at the path that Debian's program expects, in a private mount
/// namespace.
const WITH_TEMPLATES: &str = "mount -t tmpfs tmpfs /usr/share && mkdir /usr/share/prometheus && \
    cp -r \"$0/../share/prometheus/alertmanager\" /usr/share/prometheus && exec \"$@\"";

/// A copy of a file of `packaging/` with other addresses, in a folder.
fn adapted(file: &str, folder: &Path, changes: &[(&str, String)]) -> PathBuf {
    let from = root().join("packaging").join(file);
    let mut text = std::fs::read_to_string(&from).expect("it is there");
    for (old, new) in changes {
        assert!(text.contains(old), "{file} does not contain {old}");
        text = text.replace(old, new);
    }
    let to = folder.join(from.file_name().expect("a name"));
    std::fs::write(&to, text).expect("written");
    to
}

mod slow {
    use super::*;

    #[test]
    fn a_dark_picture_notifies_through_prometheus_and_alertmanager() {
        if !super::slow("an alarm through Prometheus and Alertmanager") {
            return;
        }
        let Some(folder) = kit::servers("prometheus") else {
            return kit::skipped("there is no Prometheus: scripts/servers.sh prometheus fetches it");
        };
        let tools = folder.join("usr/bin");
        let Some(mut server) = Server::start(&[], &[format!("cam={}", h264("smpte75"))]) else { return };
        let (operators, calls) = kit::webhook(Vec::new());
        let uri = server.uri("cam");
        let mut watch = Watch::start(&format!("[[camera]]\nname = 'cam'\nuri = '{uri}'\n{ALARM}"));
        watch.wait_for("cam", "live");
        let folder = tempfile::tempdir().expect("a folder");
        let (prometheus, alertmanager) = (kit::free_port(), kit::free_port());
        let routes = adapted(
            "alertmanager/alertmanager.yml",
            folder.path(),
            &[
                ("http://127.0.0.1:8080/alerts", format!("http://{operators}/")),
                ("group_wait: 5s", "group_wait: 1s".to_owned()),
                ("group_interval: 1m", "group_interval: 1s".to_owned()),
            ],
        );
        adapted("prometheus/rules.yml", folder.path(), &[]);
        let scrapes = adapted(
            "prometheus/prometheus.yml",
            folder.path(),
            &[
                ("127.0.0.1:9464", format!("127.0.0.1:{}", watch.port)),
                ("127.0.0.1:9093", format!("127.0.0.1:{alertmanager}")),
                ("scrape_interval: 10s", "scrape_interval: 1s".to_owned()),
                ("evaluation_interval: 10s", "evaluation_interval: 1s".to_owned()),
            ],
        );
        let option = |name: &str, value: &dyn std::fmt::Display| format!("--{name}={value}");
        let data = |name: &str| folder.path().join(name).display().to_string();
        let unshared = ["-rm", "sh", "-c", WITH_TEMPLATES].map(str::to_owned);
        let program = [tools.display().to_string(), tools.join("prometheus-alertmanager").display().to_string()];
        let options = [
            option("config.file", &routes.display()),
            option("storage.path", &data("alertmanager")),
            option("web.listen-address", &format!("127.0.0.1:{alertmanager}")),
            option("cluster.listen-address", &""),
        ];
        let mut arguments = unshared.to_vec();
        arguments.extend(program.into_iter().chain(options));
        let _alertmanager = Running::start(Path::new("unshare"), &arguments);
        watch.wait_until("Alertmanager answers", |_| {
            ureq::get(format!("http://127.0.0.1:{alertmanager}/-/ready")).call().is_ok()
        });
        let _prometheus = Running::start(
            &tools.join("prometheus"),
            &[
                option("config.file", &scrapes.display()),
                option("storage.tsdb.path", &data("prometheus")),
                option("web.listen-address", &format!("127.0.0.1:{prometheus}")),
            ],
        );
        let begin = Instant::now();
        server.set("cam", "src", "pattern", "black");
        let alert = called(&calls, "firing", "black", 3 * LONG);
        println!("the message came {:.1} s after the picture went dark", begin.elapsed().as_secs_f64());
        assert_eq!((&alert["labels"]["alertname"], &alert["labels"]["source"]), (&"IqaAlarm".into(), &"cam".into()));
        assert_eq!(alert["annotations"]["summary"], "cam: black");
        server.set("cam", "src", "pattern", "smpte75");
        called(&calls, "resolved", "black", 10 * LONG);
    }
}
