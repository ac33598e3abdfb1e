//! The parts of the message of a run that ended early. Pure.

/// What happened, and what to do before the next command.
pub(super) struct Stop {
    pub(super) what: String,
    pub(super) causes: Vec<String>,
    pub(super) advice: Option<Advice>,
}

/// What the user can do around the next command.
pub(super) enum Advice {
    /// Do this before the command.
    First(String),
    /// The command does this.
    To(String),
    /// Run the command with a change if the file, the columns and the types are correct; correct them otherwise.
    IfCorrect(&'static str),
}

impl Stop {
    pub(super) fn new(what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            causes: Vec::new(),
            advice: None,
        }
    }

    pub(super) fn because(self, cause: impl Into<String>) -> Self {
        let causes = vec![cause.into()];
        Self { causes, ..self }
    }

    pub(super) fn advice(self, advice: impl Into<String>) -> Self {
        let advice = Some(Advice::First(advice.into()));
        Self { advice, ..self }
    }

    /// The next command does this.
    pub(super) fn to(self, purpose: impl Into<String>) -> Self {
        let advice = Some(Advice::To(purpose.into()));
        Self { advice, ..self }
    }

    pub(super) fn if_correct(self, change: &'static str) -> Self {
        let advice = Some(Advice::IfCorrect(change));
        Self { advice, ..self }
    }

    /// The hint with `run`, which describes the next command.
    pub(super) fn hint(advice: Option<Advice>, run: &str) -> String {
        match advice {
            None => format!("to continue, {run}"),
            Some(Advice::First(advice)) => format!("{advice}; then {run}"),
            Some(Advice::To(purpose)) => format!("to {purpose}, {run}"),
            Some(Advice::IfCorrect(change)) => format!(
                "if the file, the columns and the types are correct, {run} {change}; if not, correct them, and start again \
                 with `--overwrite`"
            ),
        }
    }
}
