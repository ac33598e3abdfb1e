//! The categories of rows that need attention, with examples. Pure.

use crate::domain::run_counts::{CategoryCount, Example, RunCounts};
use crate::number::{grouped, rows};
use crate::output::advice::advice;
use crate::output::html::frame::{MAX_MESSAGE_CHARS, capital};
use crate::text::excerpt;

/// The number of categories that are shown, the most frequent ones first.
const MAX_CATEGORIES: usize = 20;

/// A category, with what to do about it and some of its rows.
pub(crate) struct Category {
    pub(crate) name: String,
    pub(crate) outcome: &'static str,
    pub(crate) rows: String,
    pub(crate) advice: String,
    pub(crate) examples: Vec<Sample>,
}

/// A row of a category.
pub(crate) struct Sample {
    pub(crate) row: String,
    pub(crate) line: String,
    pub(crate) pair: String,
    pub(crate) status: String,
    pub(crate) message: String,
    pub(crate) correlation_id: String,
}

/// The most frequent categories, and a remark on the others if there are more.
pub(crate) fn categories(counts: &RunCounts) -> (Vec<Category>, Option<String>) {
    let all = counts.categories();
    let (listed, others) = all.split_at(all.len().min(MAX_CATEGORIES));
    let more: u64 = others.iter().map(|count| count.rows).sum();
    let more = (more > 0).then(|| {
        let more = rows(more);
        format!("{more} with other categories: the report lists them.")
    });
    (listed.iter().map(|count| category(count)).collect(), more)
}

fn category(count: &CategoryCount) -> Category {
    Category {
        name: excerpt(&count.category, 120),
        outcome: count.kind.as_str(),
        rows: rows(count.rows),
        advice: capital(advice(count)),
        examples: count.examples.iter().map(sample).collect(),
    }
}

fn sample(example: &Example) -> Sample {
    let [from_type, from_id, to_type, to_id] =
        example.values.each_ref().map(|value| excerpt(value, 60));
    let [from_key, to_key] = example.keys.each_ref().map(|key| excerpt(key, 60));
    let (from, to) = (named(from_id, from_key), named(to_id, to_key));
    Sample {
        row: grouped(example.key.row),
        line: grouped(example.key.line),
        pair: format!("{from_type} {from} → {to_type} {to}"),
        status: example
            .http_status
            .map_or("none".to_owned(), |status| status.to_string()),
        message: excerpt(&example.message, MAX_MESSAGE_CHARS),
        correlation_id: match &example.correlation_id {
            Some(id) => excerpt(id, 200),
            None => "none".to_owned(),
        },
    }
}

/// A record's id, with the key by which it was found; the key alone if none was found.
fn named(id: String, key: String) -> String {
    match (id.is_empty(), key.is_empty()) {
        (_, true) => id,
        (true, false) => key,
        (false, false) => format!("{id} ({key})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::pair::RowKey;

    #[test]
    fn an_example_names_a_record_by_its_id_and_its_key() {
        for (id, key, shown) in [
            ("17", "", "17"),
            ("", "ada@acme.com", "ada@acme.com"),
            ("17", "ada@acme.com", "17 (ada@acme.com)"),
        ] {
            let example = Example {
                key: RowKey { row: 1, line: 2 },
                values: ["contacts", id, "deals", "9"].map(str::to_owned),
                keys: [key.to_owned(), String::new()],
                http_status: None,
                message: String::new(),
                correlation_id: None,
            };
            let pair = sample(&example).pair;
            assert_eq!(pair, format!("contacts {shown} → deals 9"));
        }
    }
}
