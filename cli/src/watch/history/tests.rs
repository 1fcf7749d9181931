// SPDX-License-Identifier: MPL-2.0

//! Tests with a real file system: what is kept, what survives, and that writing does not block cameras.

use super::*;
use crate::watch::alarm::AlarmKind;
use crate::watch::testing::{Still, alarm, jpeg, score, until, wall};
use rusqlite::Connection;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Instant;

fn now() -> i64 {
    Timestamp::now().as_second()
}

/// All data of a camera.
fn sum(history: &History, camera: &str) -> Slice {
    let mut sum = Slice::default();
    let slices = history.reader().slices(camera, now() - 3600, now() + 60, 60).expect("read");
    slices.into_iter().for_each(|slice| sum += slice);
    sum
}

#[test]
fn scores_are_kept_by_second_and_by_minute() {
    let data = tempfile::tempdir().expect("a folder");
    let wall = wall(&["yard", "gate"]);
    let history = History::open(data.path(), &wall).expect("opened");
    let began = now();
    for value in [80.0, 60.0, 70.0] {
        score(&wall, "yard", value);
    }
    until("three scores", || (sum(&history, "yard").scores == 3).then_some(()));
    let of_minutes = sum(&history, "yard");
    assert_eq!((of_minutes.mean(), of_minutes.lowest, of_minutes.highest), (Some(70.0), Some(60.0), Some(80.0)));
    until("frames", || (sum(&history, "yard").frames == 150).then_some(()));
    let seconds = history.reader().slices("yard", began, now() + 1, 1).expect("read");
    assert_eq!(seconds.iter().map(|slice| slice.scores).sum::<u32>(), 3);
    assert!(seconds.iter().all(|slice| slice.known <= 1 && slice.live <= slice.known), "{seconds:?}");
    assert_eq!(sum(&history, "gate").scores, 0);
    until("a live second", || (sum(&history, "yard").live > 0).then_some(()));
    assert_eq!(sum(&history, "gate").live, 0, "it is connecting");
    history.stop();
}

#[test]
fn alarms_are_kept_with_their_pictures() {
    let data = tempfile::tempdir().expect("a folder");
    let wall = wall(&["yard"]);
    let history = History::open(data.path(), &wall).expect("opened");
    score(&wall, "yard", 31.0);
    let id = alarm(&wall, "yard", AlarmKind::Low, Some(jpeg(5000)));
    let alarms = || history.reader().alarms("yard", now() - 60, now() + 1).expect("read");
    let picture = until("a picture", || alarms().first()?.picture);
    let kept = alarms().remove(0);
    assert_eq!((kept.id, kept.kind.as_str(), kept.ended, kept.limit), (id.0, "low", None, Some(40.0)));
    assert_eq!(kept.lowest, Some(31.0));
    assert_eq!(history.reader().picture(picture).expect("read").map(|bytes| bytes.len()), Some(5000));
    assert_eq!(history.reader().picture(picture + 1000).expect("read"), None);
    for entry in fs::read_dir(data.path().join("pictures")).expect("a folder") {
        let mode = entry.expect("a file").metadata().expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    wall.acknowledge(id).expect("it goes on");
    until("acknowledged", || alarms().first()?.acknowledged);
    wall.end(id).expect("it goes on");
    until("ended", || alarms().first()?.ended);
    assert_eq!(alarms().len(), 1);
    assert_eq!(alarms()[0].picture, Some(picture), "its picture stays");
    history.stop();
}

#[test]
fn an_alarm_that_goes_on_at_the_end_of_a_run_is_ended() {
    let data = tempfile::tempdir().expect("a folder");
    let first = wall(&["yard"]);
    let history = History::open(data.path(), &first).expect("opened");
    alarm(&first, "yard", AlarmKind::Offline, None);
    let known = |history: &History| sum(history, "yard").known;
    let before = known(&history);
    until("it goes on for two seconds", || (known(&history) >= before + 3).then_some(()));
    history.stop();
    let again = History::open(data.path(), &wall(&["yard"])).expect("opened");
    let alarms = again.reader().alarms("yard", now() - 3600, now() + 1).expect("read");
    let lasted = alarms[0].ended.expect("ended").duration_since(alarms[0].began).as_secs();
    assert!(alarms.len() == 1 && (1..3600).contains(&lasted), "{alarms:?}");
    again.stop();
}

#[test]
fn pictures_never_take_more_than_their_room() {
    let data = tempfile::tempdir().expect("a folder");
    let wall = wall(&["yard"]);
    let history = History::with_room(data.path(), &wall, 10_000).expect("opened");
    for _ in 0..8 {
        let id = alarm(&wall, "yard", AlarmKind::Black, Some(jpeg(3000)));
        wall.end(id);
    }
    let alarms = || history.reader().alarms("yard", now() - 60, now() + 1).expect("read");
    until("eight alarms, three pictures", || {
        let alarms = alarms();
        (alarms.len() == 8 && alarms.iter().filter(|alarm| alarm.picture.is_some()).count() == 3).then_some(())
    });
    let newest: Vec<_> = alarms().iter().map(|alarm| alarm.picture.is_some()).collect();
    assert_eq!(newest[..3], [true; 3], "the newest have theirs: {newest:?}");
    let files: Vec<_> = fs::read_dir(data.path().join("pictures")).expect("a folder").collect();
    assert_eq!(files.len(), 3);
    history.stop();
}

#[test]
fn the_worst_moments_have_pictures() {
    let data = tempfile::tempdir().expect("a folder");
    let wall = wall(&["yard"]);
    wall.set_pictures("yard", Some(Arc::new(Still(jpeg(100)))));
    let history = History::open(data.path(), &wall).expect("opened");
    for value in [70.0, 20.0, 50.0] {
        score(&wall, "yard", value);
    }
    let worst = until("a moment", || {
        let moments = history.reader().moments("yard", now() - 60).expect("read");
        moments.into_iter().next().filter(|moment| moment.score == 20.0)
    });
    let picture = worst.picture.expect("a picture");
    assert_eq!(history.reader().picture(picture).expect("read").map(|bytes| bytes.len()), Some(100));
    history.stop();
}

#[test]
fn a_folder_has_one_writer_and_a_file_that_is_gone_is_missed() {
    let data = tempfile::tempdir().expect("a folder");
    let wall = Arc::new(Wall::default());
    let history = History::open(data.path(), &wall).expect("opened");
    let refused = History::open(data.path(), &wall).expect_err("it is taken").to_string();
    assert!(refused.contains("another iqa watch"), "{refused}");
    let (file, aside) = (data.path().join(schema::FILE), data.path().join("aside"));
    std::fs::rename(&file, &aside).expect("moved");
    let down = || history.health().down.load(Ordering::Relaxed);
    let wait_for = |wanted| {
        let start = Instant::now();
        while down() != wanted {
            assert!(start.elapsed() < Duration::from_secs(60), "down: {}", down());
            std::thread::sleep(Duration::from_millis(50));
        }
    };
    wait_for(true);
    std::fs::rename(&aside, &file).expect("moved back");
    wait_for(false);
    history.stop();
    History::open(data.path(), &wall).expect("it is free again").stop();
}

#[test]
fn what_is_old_is_let_go_of() {
    let data = tempfile::tempdir().expect("a folder");
    let (database, _) = schema::open(data.path()).expect("opened");
    let pictures = Pictures::new(data.path(), 0).expect("a folder");
    let file = data.path().join(schema::FILE);
    let mut writer = Writer::new(database, file, pictures.clone(), now()).expect("a writer");
    let mut pending = Pending::default();
    let ages = [10, 3500, 3700, 6 * 86400, 8 * 86400];
    for age in ages {
        pending.seconds.entry((now() - age, "yard".into())).or_default().push(50.0);
    }
    writer.write(&pending).expect("written");
    writer.tidy(now()).expect("tidied");
    let reader = Reader::new(data.path(), pictures);
    let count = |step| reader.slices("yard", 0, now() + 60, step).expect("read").len();
    assert_eq!((count(1), count(60)), (2, 4), "an hour of seconds, seven days of minutes");
}

#[test]
fn a_locked_database_makes_nobody_wait_and_loses_nothing() {
    let data = tempfile::tempdir().expect("a folder");
    let wall = wall(&["yard"]);
    let history = History::open(data.path(), &wall).expect("opened");
    let other = Connection::open(data.path().join(schema::FILE)).expect("opened");
    other.execute_batch("BEGIN IMMEDIATE").expect("locked");
    let begin = std::time::Instant::now();
    for _ in 0..3 * ROOM {
        score(&wall, "yard", 50.0);
    }
    assert!(begin.elapsed() < Duration::from_secs(20), "a locked database holds cameras up");
    until("it is noticed", || history.health().down.load(Ordering::Relaxed).then_some(()));
    assert!(history.health().errors.load(Ordering::Relaxed) > 0);
    other.execute_batch("ROLLBACK").expect("unlocked");
    until("all of it", || (sum(&history, "yard").scores as usize == 3 * ROOM).then_some(()));
    until("it is well again", || (!history.health().down.load(Ordering::Relaxed)).then_some(()));
    assert_eq!(history.health().lost.load(Ordering::Relaxed), 0);
    history.stop();
}

#[test]
fn what_finds_no_room_in_memory_is_counted() {
    let mut pending = Pending::default();
    for second in 0..700 {
        pending.seconds.entry((second, "yard".into())).or_default().push(50.0);
    }
    pending.bound(1);
    assert_eq!((pending.seconds.len(), pending.lost), (600, 100));
    assert!(pending.seconds.keys().all(|(second, _)| *second >= 100), "the oldest go");
    let mut newer = Pending::default();
    newer.seconds.entry((699, "yard".into())).or_default().push(70.0);
    newer.put_back(pending);
    assert_eq!(newer.seconds[&(699, "yard".into())].scores, 2);
    assert_eq!(newer.lost, 100);
}

#[test]
fn a_clock_that_jumps_counts_nothing_twice() {
    let wall = wall(&["yard"]);
    let mut sampler = Sampler::default();
    let mut pending = Pending::default();
    // Forward, forward, the same second again, back by an hour, and forward.
    for second in [10_000, 10_001, 10_001, 6_400, 6_401] {
        score(&wall, "yard", 50.0);
        sampler.sample(&wall.all(), second, &mut pending);
    }
    let known: Vec<_> = pending.seconds.iter().map(|((second, _), slice)| (*second, slice.known)).collect();
    assert_eq!(known, [(6_400, 1), (6_401, 1), (10_000, 1), (10_001, 1)]);
    // Data omitted by the sample that was too early is in the next one.
    assert_eq!(pending.seconds.values().map(|slice| slice.frames).sum::<u64>(), 5 * 50);
}

/// Tells the test that it runs in the child process, and which folder to use.
const CHILD: &str = "ONNX_IQA_TEST_HISTORY";

#[test]
fn child() {
    let Some(data) = std::env::var_os(CHILD).map(PathBuf::from) else { return };
    let wall = wall(&["yard"]);
    let _history = History::open(&data, &wall).expect("opened");
    loop {
        score(&wall, "yard", 50.0);
        // Reports progress to the process that kills this one.
        fs::write(data.join("told"), now().to_string()).expect("written");
        thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_killed_process_loses_at_most_its_last_second() {
    let data = tempfile::tempdir().expect("a folder");
    let program = std::env::current_exe().expect("a path");
    let mut child = Command::new(program)
        .args(["--exact", "watch::history::tests::child", "--nocapture"])
        .env(CHILD, data.path())
        .stdout(Stdio::null())
        .spawn()
        .expect("the tests run");
    let told = || fs::read_to_string(data.path().join("told")).ok()?.parse::<i64>().ok();
    let first = until("it writes", told);
    until("some seconds", || told().filter(|last| last - first >= 4));
    child.kill().expect("killed");
    child.wait().expect("ended");
    let last = told().expect("a time");
    let wall = wall(&["yard"]);
    let history = History::open(data.path(), &wall).expect("opened as if nothing had been");
    let slices = history.reader().slices("yard", first - 1, last + 1, 1).expect("read");
    let newest = slices.iter().filter(|slice| slice.scores > 0).map(|slice| slice.at).max().expect("scores");
    // Data from the second before the last report has been written.
    assert!(newest >= last - 2, "told until {last}, written until {newest}");
    assert!(sum(&history, "yard").scores > 0);
    history.stop();
}
