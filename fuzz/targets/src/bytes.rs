// SPDX-License-Identifier: MPL-2.0

//! Decisions taken from the fuzzer's bytes.

/// Takes decisions from the front of the input; at its end, everything is 0.
#[derive(Debug, Clone, Copy)]
pub struct Bytes<'a>(pub &'a [u8]);

impl<'a> Bytes<'a> {
    /// The next byte.
    pub fn byte(&mut self) -> u8 {
        let (first, rest) = self.0.split_first().unwrap_or((&0, &[]));
        self.0 = rest;
        *first
    }

    /// Whether something is so: every second time.
    pub fn flag(&mut self) -> bool {
        self.byte() & 1 == 1
    }

    /// Whether something is so that shall be rare: once in `times`.
    pub fn rare(&mut self, times: u8) -> bool {
        self.byte() % times == times - 1
    }

    /// A number below `limit`, which is at least 1.
    pub fn below(&mut self, limit: usize) -> usize {
        let number = if limit > 256 { usize::from(self.word()) } else { usize::from(self.byte()) };
        number % limit
    }

    /// Two bytes as a number.
    pub fn word(&mut self) -> u16 {
        u16::from_le_bytes([self.byte(), self.byte()])
    }

    /// One of several.
    pub fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    /// The next bytes, fewer at the end.
    pub fn take(&mut self, count: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(count.min(self.0.len()));
        self.0 = rest;
        taken
    }
}
