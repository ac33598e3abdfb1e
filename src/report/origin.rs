//! The kind of run that wrote a line. It is stored in the line itself, so it is known whatever the name of the file,
//! and also for lines that were copied, cut out or sorted.
//!
//! The columns of a report are fixed, so the mark is in `correlation_id`: `sandbox` where a row has no such id,
//! otherwise `sandbox:` and the id. If the id of a real reply looks like the mark, an apostrophe is put before it.

use std::fmt;

/// The prefix of the `correlation_id` in the lines of a rehearsal.
pub(crate) const MARK: &str = "sandbox";

/// The separator between the mark and an id.
const SEPARATOR: char = ':';

/// Where the rows of a line were sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Origin {
    /// To the API.
    #[default]
    RealRun,
    /// To the sandbox in this process: nothing was associated in HubSpot.
    Rehearsal,
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::RealRun => "a real run",
            Self::Rehearsal => "a rehearsal",
        })
    }
}

pub(crate) fn is_marked(correlation_id: &[u8]) -> bool {
    match correlation_id.strip_prefix(MARK.as_bytes()) {
        Some(rest) => rest.first().is_none_or(|&byte| byte == SEPARATOR as u8),
        None => false,
    }
}

/// Writes the value of `correlation_id` to `field`; `id` is the id of the reply, if there was one.
pub(crate) fn write_correlation_id(origin: Origin, id: &str, field: &mut String) {
    field.clear();
    match origin {
        Origin::Rehearsal => {
            field.push_str(MARK);
            if !id.is_empty() {
                field.push(SEPARATOR);
            }
        }
        Origin::RealRun if is_marked(id.as_bytes()) => field.push('\''),
        Origin::RealRun => {}
    }
    field.push_str(id);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::reader::ReportReader;
    use proptest::prelude::*;

    #[test]
    fn the_mark_is_the_whole_word_alone_or_in_front_of_an_id() {
        for (id, is_rehearsal) in [
            ("sandbox", true),
            ("sandbox:", true),
            ("sandbox:8f6e", true),
            ("", false),
            ("8f6e", false),
            ("sandboxed", false),
            ("'sandbox:8f6e", false),
            ("x sandbox:8f6e", false),
        ] {
            assert_eq!(is_marked(id.as_bytes()), is_rehearsal, "{id}");
        }
    }

    #[test]
    fn a_report_without_that_column_is_one_of_a_real_run() {
        let text = "row,from_object_type,from_object_id,to_object_type,to_object_id,outcome\n1,a,1,b,2,failed\n";
        let mut reader = ReportReader::new(text.as_bytes()).unwrap();
        let line = reader.read().unwrap().unwrap();
        assert_eq!(line.origin(), Origin::RealRun);
    }

    #[test]
    fn a_rehearsed_row_without_a_reply_has_no_id_of_one() {
        let header = "row,from_object_type,from_object_id,to_object_type,to_object_id,outcome,correlation_id";
        for (id, expected) in [
            ("sandbox", ""),
            ("", ""),
            ("sandbox:8f", "sandbox:8f"),
            ("8f", "8f"),
        ] {
            let text = format!("{header}\n1,a,1,b,2,failed,{id}\n");
            let mut reader = ReportReader::new(text.as_bytes()).unwrap();
            let line = reader.read().unwrap().unwrap();
            assert_eq!(line.reply_id(), expected.as_bytes());
        }
    }

    proptest! {
        #[test]
        fn any_id_is_written_so_that_its_origin_is_read_back(
            id in prop_oneof!["(sandbox)?[:']?[a-z]{0,3}", "(?s).{0,12}"],
        ) {
            let mut field = String::from("what stood there before");
            for origin in [Origin::RealRun, Origin::Rehearsal] {
                write_correlation_id(origin, &id, &mut field);
                prop_assert_eq!(is_marked(field.as_bytes()), origin == Origin::Rehearsal);
                prop_assert!(field.ends_with(&id));
            }
        }
    }
}
