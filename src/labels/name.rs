//! Names of labels: which are the same, and which are alike. Pure.

/// How many alike names a message lists.
const MAX_NEAREST: usize = 3;

/// The least similarity of a name that a message proposes, from 0 to 1.
const MIN_SIMILARITY: f64 = 0.75;

/// A name without the differences that are ignored: case, and the number of blanks.
pub(crate) fn folded(name: &str) -> String {
    let words: Vec<String> = name.split_whitespace().map(str::to_lowercase).collect();
    words.join(" ")
}

/// The names that are most like `name`, the most similar one first.
pub(crate) fn nearest<'n>(name: &str, names: impl IntoIterator<Item = &'n str>) -> Vec<&'n str> {
    let name = folded(name);
    let mut alike: Vec<(f64, &str)> = names
        .into_iter()
        .map(|other| (strsim::jaro_winkler(&name, &folded(other)), other))
        .filter(|(similarity, _)| *similarity >= MIN_SIMILARITY)
        .collect();
    alike.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    alike.dedup_by(|a, b| a.1 == b.1);
    alike
        .into_iter()
        .take(MAX_NEAREST)
        .map(|(_, name)| name)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_name_has_its_nearest_names() {
        let names = [
            "Decision maker",
            "Billing contact",
            "Partner",
            "Decision taker",
        ];
        let near = |name| nearest(name, names);
        assert_eq!(near("Decison maker"), ["Decision maker", "Decision taker"]);
        assert_eq!(near("PARTNERS"), ["Partner"]);
        assert!(near("xyz").is_empty());
    }
}
