// SPDX-License-Identifier: MPL-2.0

//! CSV logs, and the tables of their pools.

use onnx_iqa::record::log::LoggedFrame;
use onnx_iqa::record::log::csv::{Reader, Table, read_pools, write_pools};

/// Reads the bytes as both, and what was read once more after it was written.
pub fn run(data: &[u8]) {
    if let Ok(rows) = Reader::new(data) {
        let frames: Vec<_> = rows.take_while(Result::is_ok).flatten().collect();
        let again = write(&frames);
        let read = Reader::new(again.as_slice()).expect("our own header").filter(Result::is_ok).count();
        assert_eq!(read, frames.len(), "{}", String::from_utf8_lossy(&again));
    }
    if let Ok(pools) = read_pools(data) {
        let mut text = Vec::new();
        write_pools(&mut text, &pools).expect("memory can be written");
        read_pools(text.as_slice()).expect("our own table");
    }
}

fn write(frames: &[LoggedFrame]) -> Vec<u8> {
    let (mut table, mut text) = (Table::new(), Vec::new());
    for (index, frame) in frames.iter().enumerate() {
        let header = if index == 0 { table.write_header(&mut text, frame) } else { Ok(()) };
        header.and_then(|()| table.write_frame(&mut text, frame)).expect("memory can be written");
    }
    text
}
