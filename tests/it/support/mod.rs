//! Test fixture: a folder, a sandbox, and the real program run against it.

use std::collections::BTreeMap;
mod http;
pub(crate) mod keys;
mod program;
pub(crate) mod records;
pub(crate) mod tls_server;
mod waiting;

use std::path::PathBuf;
use std::process::{Output, Stdio};
use std::time::Duration;

use tempfile::TempDir;

pub(crate) use http::{post, request};
pub(crate) use program::{Program, Running, insist, signal};
pub(crate) use waiting::{Printed, join, wait_until};

use hubspot_associate::sandbox::read_settings::ReadSettings;
use hubspot_associate::sandbox::server::Sandbox;
use hubspot_associate::sandbox::settings::{Latency, SandboxSettings};
use hubspot_associate::sandbox::state::seen::Seen;

pub(crate) const HEADER: &str = "from_object_type,from_object_id,to_object_type,to_object_id";

/// The token used by the tests; it must never appear in any output.
pub(crate) const TOKEN: &str = "pat-na1-7f3e-secret";

pub(crate) struct Rehearsal {
    pub(crate) folder: TempDir,
    pub(crate) sandbox: Sandbox,
}

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_hubspot-associate");

/// The columns of HubSpot's export of contacts with their companies.
pub(crate) const EXPORT: [&str; 8] = [
    "--from-type",
    "contacts",
    "--from-id-column",
    "Record ID",
    "--to-type",
    "companies",
    "--to-id-column",
    "Associated Company IDs",
];

/// A line of the report, by column.
pub(crate) type Line = BTreeMap<String, String>;

pub(crate) struct Finished {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    /// Standard error without the lines that name the account.
    pub(crate) stderr: String,
    /// The lines that name the account.
    pub(crate) account: String,
}

/// A sandbox that replies without delay and without limits.
pub(crate) fn instant() -> SandboxSettings {
    SandboxSettings {
        limit: None,
        latency: Latency::NONE,
        slow: Duration::from_millis(50),
        stall: Duration::from_mins(1),
        reads: ReadSettings::unlimited(),
        ..SandboxSettings::default()
    }
}

impl Rehearsal {
    pub(crate) fn new() -> Self {
        Self::against(instant())
    }

    pub(crate) fn against(settings: SandboxSettings) -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            sandbox: Sandbox::start(settings).unwrap(),
        }
    }

    pub(crate) fn url(&self) -> String {
        self.sandbox.url()
    }

    /// What the sandbox received. Its `requests` are without those for the account, which most runs send once.
    pub(crate) fn seen(&self) -> Seen {
        let mut seen = self.sandbox.seen();
        seen.requests -= seen.calls("account");
        seen
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes `pairs.csv` with this content.
    pub(crate) fn file(self, content: impl AsRef<[u8]>) -> Self {
        std::fs::write(self.path("pairs.csv"), content).unwrap();
        self
    }

    /// Writes `pairs.csv` with these rows under the usual header.
    pub(crate) fn rows(self, rows: impl IntoIterator<Item = impl std::fmt::Display>) -> Self {
        let rows = rows.into_iter().map(|row| format!("{row}\n"));
        let text: String = std::iter::once(format!("{HEADER}\n")).chain(rows).collect();
        self.file(text)
    }

    /// The program with `arguments`, run in the folder, with a token and no other variable of this environment.
    pub(crate) fn command(&self, arguments: &[&str]) -> Program {
        self.run(PROGRAM, arguments)
    }

    /// A shell command, in which `hubspot-associate` is the program.
    pub(crate) fn shell(&self, script: &str) -> Finished {
        let function = format!("hubspot-associate() {{ '{PROGRAM}' \"$@\"; }}\n{script}");
        finish(self.run("bash", &["-c", &function]).output().unwrap())
    }

    /// Any program, run in the folder, with a token and no other variable of this environment.
    pub(crate) fn run(&self, program: &str, arguments: &[&str]) -> Program {
        let mut command = Program::new(program);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("HUBSPOT_") {
                command.env_remove(name);
            }
        }
        command
            .current_dir(self.folder.path())
            .env("HUBSPOT_ACCESS_TOKEN", TOKEN)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// `import pairs.csv` against the sandbox, without a rate limit, with additional `flags`.
    pub(crate) fn import(&self, flags: &[&str]) -> Finished {
        finish(self.import_command(flags).output().unwrap())
    }

    pub(crate) fn import_command(&self, flags: &[&str]) -> Program {
        let url = self.url();
        let mut arguments = vec!["import", "pairs.csv", "--base-url", &url];
        if !flags.contains(&"--rate") {
            arguments.extend(["--rate", "unlimited"]);
        }
        arguments.extend(flags);
        self.command(&arguments)
    }

    /// Starts `import -vvv`, and waits until `rows` rows have their outcome.
    pub(crate) fn start(
        &self,
        rows: usize,
        flags: &[&str],
    ) -> (Running, impl FnOnce(Running) -> Finished) {
        let mut running = self.import_command(flags).arg("-vvv").spawn().unwrap();
        let mut stderr = running.stderr();
        for _ in 0..rows {
            stderr.until("outcome=");
        }
        let finish = move |running: Running| {
            // Drained during the wait, so that a full pipe never blocks the program.
            let rest = std::thread::spawn(move || stderr.all());
            let mut finished = finish(running.output());
            finished.stderr = join(rest);
            finished
        };
        (running, finish)
    }

    /// The lines of `pairs.report.csv`.
    pub(crate) fn report(&self) -> Vec<Line> {
        self.report_named("pairs.report.csv")
    }

    pub(crate) fn report_named(&self, name: &str) -> Vec<Line> {
        let mut reader = csv::Reader::from_path(self.path(name)).unwrap();
        reader.deserialize().map(Result::unwrap).collect()
    }

    /// `row outcome` of each line, in row order.
    pub(crate) fn outcomes(&self) -> Vec<String> {
        let mut lines = self.report();
        lines.sort_by_key(|line| line["row"].parse::<u64>().unwrap());
        lines
            .iter()
            .map(|line| format!("{} {}", line["row"], line["outcome"]))
            .collect()
    }
}

pub(crate) fn finish(output: Output) -> Finished {
    use std::os::unix::process::ExitStatusExt;
    let stderr = String::from_utf8(output.stderr).unwrap();
    let (account, stderr) = stderr
        .split_inclusive('\n')
        .partition(|line| names_account(line));
    Finished {
        code: output
            .status
            .code()
            .unwrap_or_else(|| 1000 + output.status.signal().unwrap()),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr,
        account,
    }
}

/// Whether a line of standard error names the account of a run.
fn names_account(line: &str) -> bool {
    let verbs = ["writing to a p", "reading from a p"];
    verbs.iter().any(|verb| line.contains(verb))
}

/// `count` rows of contacts and companies that all exist.
pub(crate) fn good_rows(count: u64) -> impl Iterator<Item = String> {
    (1..=count).map(|row| format!("contacts,{},companies,{}", 41_000 + row, 52_000 + row))
}
