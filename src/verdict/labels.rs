//! Checks which labels of a row the results of a reply do not confirm. Pure.
//!
//! Results list labels by name, without type ids, in the direction of the result
//! (<https://developers.hubspot.com/docs/api-reference/latest/crm/associations/associate-records/guide>). A name can differ
//! in the other direction, and two labels of one direction can have the same name in different categories.

use smol_str::SmolStr;

use crate::api::response::envelope::Linked;
use crate::domain::labels::LinkLabels;
use crate::domain::link_request::LinkRequest;
use crate::domain::pair::Pair;
use crate::domain::standard_type::canonical;

/// The names of the labels that the row asks for and that these results do not list, each once. `forward` are the results in
/// the direction of the row, `inverse` those in the other direction.
pub(crate) fn missing_labels<'r, 'e>(
    row: &'r impl LinkRequest,
    forward: impl Iterator<Item = &'e Linked>,
    inverse: impl Iterator<Item = &'e Linked>,
) -> Vec<&'r str> {
    let Some(LinkLabels { asked, sent, .. }) = row.labels() else {
        return Vec::new();
    };
    let lists_of = |link: &'e Linked| link.labels.as_deref();
    let mut lists: Vec<&[SmolStr]> = forward.filter_map(lists_of).collect();
    if lists.is_empty() && !has_one_type(row.pair()) {
        lists = inverse.filter_map(lists_of).collect();
    }
    let mut missing = Vec::new();
    for name in asked.iter().filter_map(|label| label.label.as_deref()) {
        let count = |labels: &[SmolStr]| labels.iter().filter(|label| *label == name).count();
        let found = lists.iter().map(|list| count(list)).max().unwrap_or(0);
        // A label that is sent to keep it may have the same name, so the reply must list the name for both.
        let same_name = sent
            .iter()
            .filter(|label| label.label.as_deref() == Some(name));
        if found < same_name.count().max(1) && !missing.contains(&name) {
            missing.push(name);
        }
    }
    missing
}

/// Whether both records have the same type. Then the two names of a label are labels in both directions, so a name in the
/// other direction can mean the opposite.
fn has_one_type(pair: &Pair) -> bool {
    let [from, to] = pair.types().map(canonical);
    from.eq_ignore_ascii_case(to)
}
