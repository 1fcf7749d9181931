// SPDX-License-Identifier: MPL-2.0

//! JSON-lines logs.

use onnx_iqa::record::log::json_lines::{Line, Reader, write_frame, write_pools};

/// Reads the bytes as a log. What was read comes back as it was after it was written.
pub fn run(data: &[u8]) {
    let lines: Vec<_> = Reader::new(data).take_while(Result::is_ok).flatten().collect();
    let once = write(&lines);
    let lines: Vec<_> = Reader::new(once.as_slice()).map(|line| line.expect("our own line")).collect();
    assert_eq!(String::from_utf8_lossy(&write(&lines)), String::from_utf8_lossy(&once));
}

fn write(lines: &[Line]) -> Vec<u8> {
    let mut text = Vec::new();
    for line in lines {
        match line {
            Line::Frame(frame) => write_frame(&mut text, frame),
            Line::Pools(pools) => write_pools(&mut text, pools),
            _ => Ok(()),
        }
        .expect("memory can be written");
    }
    text
}
