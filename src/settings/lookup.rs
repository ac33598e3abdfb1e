//! Which cells of the input hold keys, and how their records are found.

use crate::cli::rate_limit::RateLimitArgs;
use crate::input::settings::InputSettings;
use crate::rate_limit::rate::RateSetting;
use crate::run::context::LookupSettings;

/// How to find the records of rows with keys; `None` if all rows have ids.
pub(crate) fn lookup_settings(
    input: &InputSettings,
    limits: &RateLimitArgs,
) -> Option<LookupSettings> {
    let [from, to] = input.properties().map(Option::<&_>::cloned);
    let has_keys = from.is_some() || to.is_some();
    has_keys.then_some(LookupSettings {
        from,
        to,
        allow_search: input.allow_search,
        is_unlimited: limits.rate == RateSetting::Unlimited,
        share: limits.share,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::command_line::{Cli, Command};
    use crate::domain::property_name::PropertyName;
    use crate::rate_limit::rate::Share;
    use clap::FromArgMatches;

    fn settings(flags: &str) -> Option<LookupSettings> {
        let words = ["hubspot-associate", "import", "p.csv"];
        let words = words.into_iter().chain(flags.split_whitespace());
        let matches = Cli::described(&[], |_| None).get_matches_from(words);
        let Command::Import(flags) = Cli::from_arg_matches(&matches).unwrap().command else {
            panic!("not an import");
        };
        lookup_settings(&flags.input.into_settings(), &flags.rate_limit)
    }

    #[test]
    fn the_flags_name_the_cells_with_keys() {
        assert_eq!(settings("--allow-search"), None);
        let email = PropertyName::new("email");
        let expected = LookupSettings {
            from: email.clone(),
            to: None,
            allow_search: false,
            is_unlimited: false,
            share: Share::default(),
        };
        assert_eq!(settings("--from-id-property email"), Some(expected));
        let settings = settings("--to-id-property email --allow-search --rate unlimited").unwrap();
        assert_eq!((settings.from, settings.to), (None, email));
        assert!(settings.allow_search && settings.is_unlimited);
    }
}
