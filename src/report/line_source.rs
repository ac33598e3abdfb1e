//! Finds the lines of a file, whatever is in them.

use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;

use memchr::memchr;

use crate::report::damage::has_garbage;

/// The number of bytes that are read from the file at once.
const BUFFER_LENGTH: usize = 256 * 1024;

/// The longest line that this program could have written is far shorter.
pub(crate) const MAX_LINE_BYTES: usize = 1024 * 1024;

/// A file, read line by line.
pub(crate) struct LineSource<R> {
    source: R,
    buffer: Vec<u8>,
    /// The start of the part of `buffer` that is not yet returned.
    start: usize,
    end: usize,
    /// The offset of `start` in the file.
    offset: u64,
    /// The number of the line that was returned last.
    line: u64,
}

/// The next part of the file.
pub(crate) enum NextLine {
    /// A line, line break included.
    Line(Range<usize>),
    /// A line that is longer than any line of this program, and whether it has bytes that are not text.
    TooLong { has_garbage: bool },
    /// The end of the file; anything after the last line break is a torn line and is ignored.
    End,
}

impl<R: Read> LineSource<R> {
    pub(crate) fn new(source: R) -> Self {
        Self {
            source,
            buffer: vec![0; BUFFER_LENGTH],
            start: 0,
            end: 0,
            offset: 0,
            line: 0,
        }
    }

    /// The bytes of a line, until the next one is found.
    pub(crate) fn at(&self, line: Range<usize>) -> &[u8] {
        &self.buffer[line]
    }

    /// The bytes in memory after the last line; at the end of the file, the torn line.
    pub(crate) fn rest(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// The offset in the file at which the last line ends.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// The number of the last line, counted from 1.
    pub(crate) fn line(&self) -> u64 {
        self.line
    }

    /// Finds the next line.
    pub(crate) fn next_line(&mut self) -> io::Result<NextLine> {
        let mut searched = self.start;
        // Set once a line is too long: its bytes are discarded.
        let mut too_long = false;
        let mut garbage = false;
        loop {
            if let Some(place) = memchr(b'\n', &self.buffer[searched..self.end]) {
                let line = self.start..searched + place + 1;
                self.start = line.end;
                self.offset += line.len() as u64;
                self.line += 1;
                if too_long {
                    let has_garbage = garbage || has_garbage(&self.buffer[line]);
                    return Ok(NextLine::TooLong { has_garbage });
                }
                return Ok(NextLine::Line(line));
            }
            searched = self.end - self.start;
            self.move_to_front();
            if self.end == self.buffer.len() {
                if self.end >= MAX_LINE_BYTES {
                    too_long = true;
                    garbage |= has_garbage(&self.buffer);
                    self.offset += self.end as u64;
                    (searched, self.end) = (0, 0);
                } else {
                    self.buffer.resize(self.end * 2, 0);
                }
            }
            if !self.append()? {
                return Ok(NextLine::End);
            }
        }
    }

    fn move_to_front(&mut self) {
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
    }

    /// Appends the bytes of one read; `false` at the end of the file.
    fn append(&mut self) -> io::Result<bool> {
        loop {
            match self.source.read(&mut self.buffer[self.end..]) {
                Ok(count) => {
                    self.end += count;
                    return Ok(count > 0);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

impl<R: Read + Seek> LineSource<R> {
    /// Moves to an offset at which a line begins. An offset near the last line needs no system call. Line numbers are
    /// not tracked any more.
    pub(crate) fn seek(&mut self, offset: u64) -> io::Result<()> {
        let base = self.offset - self.start as u64;
        let place = offset.checked_sub(base);
        let place = place.and_then(|place| usize::try_from(place).ok());
        if let Some(place) = place.filter(|&place| place < self.end) {
            self.start = place;
        } else {
            self.source.seek(SeekFrom::Start(offset))?;
            (self.start, self.end) = (0, 0);
        }
        self.offset = offset;
        Ok(())
    }
}
