// SPDX-License-Identifier: MPL-2.0

//! Tests of page texts.

use super::*;
use crate::watch::alarm::AlarmKind;
use crate::watch::history::History;
use crate::watch::testing::{alarm, score, wall};
use serde_json::Value as Json;

/// Pages of a wall with a history that is removed after the test.
fn pages(wall: &Arc<Wall>) -> (Arc<Pages>, History, tempfile::TempDir) {
    let data = tempfile::tempdir().expect("a folder");
    let history = History::open(data.path(), wall).expect("opened");
    let pages = Pages::new(wall.clone(), history.reader().clone()).expect("templates");
    (Arc::new(pages), history, data)
}

#[test]
fn the_answer_comes_first() {
    let wall = wall(&["yard", "gate", "mast"]);
    let (pages, ..) = pages(&wall);
    score(&wall, "yard", 33.0);
    score(&wall, "gate", 80.0);
    assert!(pages.wall().expect("a page").contains("2 of 3 cameras are live; no alarms"));
    let low = alarm(&wall, "yard", AlarmKind::Low, None);
    alarm(&wall, "mast", AlarmKind::Offline, None);
    wall.acknowledge(low);
    let page = pages.wall().expect("a page");
    assert!(page.contains("2 of 3 cameras are live; 2 alarms, 1 of them acknowledged"), "{page}");
    assert!(page.contains("<title>1 alarm · 3 cameras · iqa watch</title>"));
    // In configuration order, whatever the state.
    let places: Vec<_> = ["yard", "gate", "mast"].map(|name| page.find(&format!("data-tile=\"{name}\""))).into();
    assert!(places.is_sorted() && places[0].is_some(), "{places:?}");
    let page = pages.camera("yard").expect("a page").expect("a camera");
    assert!(page.contains("yard is live, but its picture is poor: 33 since "), "{page}");
    assert!(page.contains("rtsp:&#x2f;&#x2f;10.0.4.21&#x2f;yard") && page.contains("b27e40c1d95a"));
    assert!(pages.camera("nobody").expect("no error").is_none());
}

#[test]
fn an_old_picture_does_not_look_live() {
    let wall = wall(&["yard"]);
    let (pages, ..) = pages(&wall);
    score(&wall, "yard", 80.0);
    let tile = |page: &str| {
        let start = page.find("<article").expect("a tile");
        page[start..page.find("</article>").expect("its end")].to_owned()
    };
    let live = tile(&pages.wall().expect("a page"));
    assert!(
        live.contains("class=\"tile \"") && live.contains("data-state=\"live\"") && !live.contains("old, "),
        "{live}"
    );
    wall.update("yard", |status| status.state = State::Stale);
    let stale = tile(&pages.wall().expect("a page"));
    assert!(
        stale.contains("class=\"tile old\"") && stale.contains("Last picture") && stale.contains("not live"),
        "{stale}"
    );
    assert!(stale.contains("old, at ") && !stale.contains("class=\"at\""), "{stale}");
    alarm(&wall, "yard", AlarmKind::Frozen, None);
    let frozen = tile(&pages.wall().expect("a page"));
    assert!(frozen.contains("Same picture") && frozen.contains("frames arrive, but do not change"), "{frozen}");
    wall.update("yard", |status| status.state = State::Disabled);
    let disabled = tile(&pages.wall().expect("a page"));
    assert!(disabled.contains("no score") && !disabled.contains(">80<"), "{disabled}");
}

#[test]
fn text_from_outside_is_text() {
    let wall = wall(&["yard"]);
    let (pages, ..) = pages(&wall);
    wall.update("yard", |status| {
        status.state = State::Error;
        status.reason = Some("<script>alert(1)</script>".to_owned());
    });
    for page in [pages.wall().expect("a page"), pages.camera("yard").expect("a page").expect("a camera")] {
        assert!(!page.contains("<script>alert") && page.contains("&lt;script&gt;alert"), "{page}");
    }
}

#[test]
fn only_what_changed_is_told() {
    let wall = wall(&["yard", "gate"]);
    let (pages, ..) = pages(&wall);
    score(&wall, "yard", 80.0);
    let mut news = wall.subscribe();
    let mut live = Live::new(pages, View::Wall);
    let parts = |told: Option<String>| -> Vec<String> {
        let Some(told) = told else { return Vec::new() };
        let told: Json = serde_json::from_str(&told).expect("JSON");
        told["parts"].as_object().expect("parts").keys().cloned().collect()
    };
    let first = parts(live.tell().expect("told"));
    for part in ["alarms", "heading", "title", "tile:yard", "picture-gate", "score-yard", "badges-yard"] {
        assert!(first.contains(&part.to_owned()), "{first:?}");
    }
    assert!(!live.is_due() && live.tell().expect("told").is_none());
    wall.update("gate", |status| status.state = State::Offline);
    live.take(&news.try_recv().expect("news"));
    let second = parts(live.tell().expect("told"));
    assert!(
        second.contains(&"picture-gate".to_owned()) && !second.iter().any(|part| part.ends_with("yard")),
        "{second:?}"
    );
    wall.arrange([]);
    while let Ok(event) = news.try_recv() {
        live.take(&event);
    }
    assert_eq!(live.tell().expect("told").as_deref(), Some("{\"reload\":true}"));
}

#[test]
fn a_camera_s_page_has_all_parts_that_events_bring() {
    let wall = wall(&["yard"]);
    let (pages, ..) = pages(&wall);
    score(&wall, "yard", 80.0);
    for (view, page) in [
        (View::Wall, pages.wall().expect("a page")),
        (View::Camera("yard".to_owned()), pages.camera("yard").expect("a page").expect("a camera")),
    ] {
        let told = Live::new(pages.clone(), view).tell().expect("told").expect("parts");
        let told: Json = serde_json::from_str(&told).expect("JSON");
        for part in told["parts"].as_object().expect("parts").keys().filter(|part| *part != "title") {
            let place = match part.strip_prefix("tile:") {
                Some(name) => format!("data-tile=\"{name}\""),
                None => format!("data-part=\"{part}\""),
            };
            assert!(page.contains(&place), "{place}");
        }
    }
}

#[test]
fn pages_name_no_other_host_and_hold_no_style() {
    let wall = wall(&["yard"]);
    let (pages, ..) = pages(&wall);
    for page in [pages.wall().expect("a page"), pages.camera("yard").expect("a page").expect("a camera")] {
        for other in ["=\"http", "=\"//"] {
            assert!(!page.contains(other), "{page}");
        }
        // The policy blocks both.
        assert!(!page.contains("style=\"") && !page.contains("<style") && !page.contains(" onclick"), "{page}");
    }
    let (login, policy) = pages.login("/camera/yard", true).expect("a page");
    assert!(login.contains("value=\"&#x2f;camera&#x2f;yard\"") && login.contains("That is not the token"));
    assert!(policy.contains("style-src 'sha256-"));
}
