// SPDX-License-Identifier: MPL-2.0

//! Tests of access control.

use super::*;

#[test]
fn pages_let_nothing_in_from_elsewhere() {
    let site = Site::new(None);
    for path in ["/", "/camera/yard", "/api/cameras", "/metrics", "/nothing", "/healthz"] {
        let answer = site.get(path);
        let policy = answer.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("x-frame-options"), "DENY", "{path}");
    }
    for (path, kind) in [
        ("/assets/watch.css", "text/css"),
        ("/assets/watch.js", "text/javascript"),
        ("/assets/camera.js", "text/javascript"),
    ] {
        let answer = site.get(path);
        assert!(answer.status == 200 && answer.header("content-type").starts_with(kind), "{path}");
    }
    assert_eq!(ask(site.address(), "DELETE", "/api/cameras", &[], "").status, 405);
}

#[test]
fn without_a_token_it_answers_this_machine_only_by_its_name() {
    let site = Site::new(None);
    for (host, status) in
        [("localhost", 200), ("127.0.0.1:9464", 200), ("[::1]:80", 200), ("evil.example", 421), ("", 421)]
    {
        assert_eq!(ask(site.address(), "GET", "/api/cameras", &[("Host", host)], "").status, status, "{host:?}");
    }
    let wall = wall(&["yard"]);
    let data = tempfile::tempdir().expect("a folder");
    let history = History::open(data.path(), &wall).expect("opened");
    let control = Arc::new(Reloads(Ok(Reloaded::default())));
    let serve = Serve { wall, history: history.reader().clone(), control, own: Box::new(Own::default) };
    let refused = Server::start(([0, 0, 0, 0], 0).into(), None, serve).err().expect("refused").to_string();
    assert!(refused.contains("token-file") && refused.contains("0.0.0.0"), "{refused}");
    history.stop();
}

#[test]
fn without_the_token_nothing_but_health_is_answered() {
    let site = Site::new(Some(TOKEN));
    score(&site.wall, "yard", 80.0);
    assert_eq!((site.get("/healthz").status, site.get("/readyz").status), (200, 200));
    let all = ["/", "/camera/yard", "/assets/watch.css", "/api/cameras", "/api/events", "/api/history/yard"];
    for path in all.into_iter().chain(["/snapshot/yard.jpg", "/picture/1.jpg", "/metrics", "/nothing"]) {
        for headers in [
            &[][..],
            &[("Authorization", "Bearer wrong-token-wrong-token")],
            &[("Authorization", "Basic MDEyMzQ1Njc4OWFiY2RlZi10b2tlbg==")],
            &[("Cookie", "iqa-watch=9999999999.AAAA")],
        ] {
            let answer = ask(site.address(), "GET", path, headers, "");
            assert_eq!(answer.status, 401, "{path} {headers:?}");
            assert!(!answer.text().contains("yard") && answer.header("www-authenticate").starts_with("Bearer"));
        }
    }
    for path in ["/api/reload", "/api/alarms/1/ack"] {
        assert_eq!(site.post(path, &[]).status, 401, "{path}");
    }
    let bearer = [("Authorization", "Bearer 0123456789abcdef-token")];
    assert_eq!(ask(site.address(), "GET", "/metrics", &bearer, "").status, 200);
    assert_eq!(site.post("/api/reload", &bearer).status, 200);
    // Browsers are redirected to the login page.
    let browser = ask(site.address(), "GET", "/camera/yard", &[("Accept", "text/html,*/*")], "");
    assert_eq!((browser.status, browser.header("location")), (303, "/login?to=%2Fcamera%2Fyard"));
}

#[test]
fn a_login_gives_a_cookie() {
    let site = Site::new(Some(TOKEN));
    let origin = format!("http://{}", site.address());
    let form = |token: &str, to: &str, origin: &str| {
        let kind = ("Content-Type", "application/x-www-form-urlencoded");
        let body = format!("token={token}&to={to}");
        ask(site.address(), "POST", "/login", &[kind, ("Origin", origin)], &body)
    };
    let page = site.get("/login?to=/camera/yard");
    assert!(page.status == 200 && page.text().contains("value=\"&#x2f;camera&#x2f;yard\""));
    assert!(!page.text().contains("src=") && page.header("content-security-policy").contains("style-src 'sha256-"));
    let wrong = form("wrong-token-wrong-token", "/", &origin);
    assert!(wrong.status == 401 && wrong.header("set-cookie").is_empty() && wrong.text().contains("not the token"));
    let other = form(TOKEN, "/", "http://evil.example");
    assert!(other.status == 403 && other.header("set-cookie").is_empty());
    let right = form(TOKEN, "%2Fcamera%2Fyard", &origin);
    assert_eq!((right.status, right.header("location")), (303, "/camera/yard"));
    assert_eq!(form(TOKEN, "https://evil.example", &origin).header("location"), "/");
    let cookie = right.header("set-cookie");
    for attribute in ["SameSite=Strict", "HttpOnly", "Path=/", "Max-Age="] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    assert!(!cookie.contains("Secure") && !cookie.contains(TOKEN));
    let secure = ask(
        site.address(),
        "POST",
        "/login",
        &[
            ("Content-Type", "application/x-www-form-urlencoded"),
            ("Host", "cams.example"),
            ("Origin", "https://cams.example"),
        ],
        &format!("token={TOKEN}"),
    );
    assert!(secure.header("set-cookie").ends_with("; Secure"), "behind a proxy with TLS: {secure:?}");
    let cookie = format!("other=1; {}", cookie.split(';').next().expect("a value"));
    assert_eq!(ask(site.address(), "GET", "/", &[("Cookie", &cookie)], "").status, 200);
    // With the cookie, a request that changes something must state its origin.
    assert_eq!(site.post("/api/reload", &[("Cookie", &cookie)]).status, 403);
    assert_eq!(site.post("/api/reload", &[("Cookie", &cookie), ("Origin", "http://evil.example")]).status, 403);
    assert_eq!(site.post("/api/reload", &[("Cookie", &cookie), ("Sec-Fetch-Site", "cross-site")]).status, 403);
    assert_eq!(site.post("/api/reload", &[("Cookie", &cookie), ("Origin", &origin)]).status, 200);
}

#[test]
fn another_site_s_page_changes_nothing_here() {
    let site = Site::new(None);
    let id = alarm(&site.wall, "yard", AlarmKind::Low, None);
    let path = format!("/api/alarms/{id}/ack");
    assert_eq!(site.post(&path, &[("Origin", "http://evil.example")]).status, 403);
    assert_eq!(site.post(&path, &[("Sec-Fetch-Site", "cross-site")]).status, 403);
    assert!(site.wall.all()[0].alarms[0].acknowledged.is_none());
    assert_eq!(ask(site.address(), "GET", &path, &[], "").status, 405);
}

#[test]
fn a_wrong_configuration_is_refused_with_its_place_and_without_its_secrets() {
    let password = Secret::new("p@s:s/w%rd-17");
    let text = format!("watch.toml:7:1: rtsp://me:{}@cam: no", password.reveal());
    let site = Site::limited(None, Limits::default(), Err(text));
    let answer = site.post("/api/reload", &[]);
    assert_eq!(answer.status, 422);
    let said = answer.text();
    assert!(said.contains("watch.toml:7:1") && said.contains("***") && !said.contains("w%rd-17"), "{said}");
}
