// SPDX-License-Identifier: MPL-2.0

//! Tests of limits for clients.

use super::*;

#[test]
fn a_request_line_of_a_mebibyte_is_refused() {
    let site = Site::new(None);
    let long = format!("/{}", "a".repeat(1 << 20));
    let answer = site.get(&long);
    assert!(matches!(answer.status, 414 | 431 | 0), "{answer:?}");
    let header = "b".repeat(1 << 20);
    let answer = ask(site.address(), "GET", "/", &[("X-Long", &header)], "");
    assert!(matches!(answer.status, 431 | 0), "{answer:?}");
    let many: Vec<_> = (0..1000).map(|number| (format!("X-{number}"), "c")).collect();
    let many: Vec<_> = many.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    let answer = ask(site.address(), "GET", "/", &many, "");
    assert!(matches!(answer.status, 431 | 0), "{answer:?}");
    let body = "d".repeat(1 << 20);
    let kind = [("Content-Type", "application/x-www-form-urlencoded")];
    let answer = ask(site.address(), "POST", "/login", &kind, &body);
    assert!(matches!(answer.status, 413 | 0), "{answer:?}");
    assert_eq!(site.get("/healthz").status, 200, "it goes on");
}

#[test]
fn five_hundred_idle_connections_keep_nobody_out() {
    let site = Site::new(None);
    let mut idle = Vec::new();
    for _ in 0..500 {
        idle.push(TcpStream::connect(site.address()).expect("a connection"));
    }
    let begin = Instant::now();
    assert_eq!(site.get("/healthz").status, 200);
    assert!(begin.elapsed() < Duration::from_secs(5), "{:?}", begin.elapsed());
    // Connections that were idle longest were closed, so that 256 remain.
    let is_closed = |stream: &mut TcpStream| {
        stream.set_nonblocking(true).expect("set");
        matches!(stream.read(&mut [0]), Ok(0))
    };
    let gone = until("the oldest are closed", || {
        Some(idle.iter_mut().filter_map(|stream| is_closed(stream).then_some(())).count()).filter(|gone| *gone >= 244)
    });
    println!("{gone} of 500 idle connections were closed");
}

#[test]
fn slow_senders_are_cut_off() {
    let limits = Limits { headers: Duration::from_millis(400), ..Limits::default() };
    let site = Site::limited(None, limits, Ok(Reloaded::default()));
    let mut slow = TcpStream::connect(site.address()).expect("a connection");
    slow.set_read_timeout(Some(LONG)).expect("set");
    let begin = Instant::now();
    slow.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ").expect("sent");
    // Sending an occasional byte does not prevent the timeout.
    while slow.write_all(b"a").is_ok() && begin.elapsed() < LONG {
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(begin.elapsed() < LONG, "it is never cut off");
    // A connection that is idle between two requests is closed too.
    let mut kept = TcpStream::connect(site.address()).expect("a connection");
    kept.set_read_timeout(Some(LONG)).expect("set");
    kept.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").expect("sent");
    let answer = answer(&mut BufReader::new(kept));
    assert_eq!((answer.status, answer.text().as_str()), (200, "ok\n"));
}

#[test]
fn it_ends_at_once_although_somebody_looks() {
    let mut site = Site::new(None);
    let mut events = Events::open(&site, "/api/events");
    let _idle = TcpStream::connect(site.address()).expect("a connection");
    events.next("time");
    let begin = Instant::now();
    site.server.take().into_iter().for_each(Server::stop);
    assert!(begin.elapsed() < Duration::from_secs(4), "{:?}", begin.elapsed());
    let mut rest = Vec::new();
    let _ = events.0.read_to_end(&mut rest);
}

#[test]
fn viewers_are_bounded() {
    let site = Site::new(None);
    let open: Vec<_> = (0..VIEWERS).map(|_| Events::open(&site, "/api/events")).collect();
    assert_eq!(site.get("/api/events").status, 503);
    drop(open);
    until("there is room again", || {
        let mut stream = TcpStream::connect(site.address()).ok()?;
        stream.set_read_timeout(Some(LONG)).ok()?;
        stream.write_all(b"GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n").ok()?;
        (head(&mut BufReader::new(stream)).0 == 200).then_some(())
    });
}

#[test]
fn a_reader_that_is_too_slow_is_told_and_holds_nobody_up() {
    let site = Site::new(None);
    let mut events = Events::open(&site, "/api/events");
    events.next("time");
    // Far more than the buffers of a connection and of the wall.
    let begin = Instant::now();
    for _ in 0..100_000 {
        score(&site.wall, "yard", 50.0);
    }
    assert!(begin.elapsed() < LONG, "cameras wait for a reader: {:?}", begin.elapsed());
    events.next("missed");
    assert_eq!(events.next("score")["measured"]["score"], 50.0, "it hears what comes after");
}
