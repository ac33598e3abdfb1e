//! The pages of the documentation, and the blocks in them. The unit tests of the library include this file, too.

use std::fmt::Write as _;
use std::path::PathBuf;

/// A fenced block of a page.
#[derive(Debug)]
pub(crate) struct Block {
    /// The line where the block begins.
    pub(crate) line: usize,
    pub(crate) language: String,
    /// The text of the remark above the block.
    pub(crate) remark: Option<String>,
    pub(crate) text: String,
}

pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

pub(crate) fn pages() -> Vec<PathBuf> {
    let docs = std::fs::read_dir(root().join("docs")).unwrap();
    let docs = docs.map(|entry| entry.unwrap().path());
    let mut pages: Vec<_> = docs
        .filter(|path| path.extension().is_some_and(|end| end == "md"))
        .chain(
            [
                "README.md",
                "CONTRIBUTING.md",
                "SECURITY.md",
                "sample-data/README.md",
            ]
            .map(|name| root().join(name)),
        )
        .collect();
    pages.sort();
    pages
}

pub(crate) fn blocks(page: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    let mut above = "";
    for (line, text) in (1..).zip(page.lines()) {
        match (&mut open, text.trim_start().strip_prefix("```")) {
            (Some(_), Some("")) => blocks.extend(open.take()),
            (Some(block), _) => {
                let _infallible = writeln!(block.text, "{text}");
            }
            (None, Some(language)) => {
                let remark = above
                    .strip_prefix("<!-- ")
                    .and_then(|rest| rest.strip_suffix(" -->"));
                open = Some(Block {
                    line,
                    language: language.to_owned(),
                    remark: remark.map(str::to_owned),
                    text: String::new(),
                });
            }
            (None, None) => {}
        }
        above = text.trim();
    }
    assert!(open.is_none(), "a block is not closed");
    blocks
}
