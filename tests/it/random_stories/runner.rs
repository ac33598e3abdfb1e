//! Runs a story: the real program against a server whose faults change, with interruptions.

use std::time::{Duration, Instant};

use hubspot_associate::sandbox::state::seen::Seen;

use super::check::{self, Ended};
use super::plan::{Credentials, Interruption, Run, Story, Trigger};
use crate::faults::with_little_room;
use crate::support::{Finished, Program, Rehearsal, Running, TOKEN, finish, join, signal};

/// Longer than any run takes on a busy machine.
const MAX_RUN_TIME: Duration = Duration::from_mins(2);

/// The interval between two checks of a running program.
const POLL_INTERVAL: Duration = Duration::from_millis(2);

/// Against a server without faults an input is finished after this many runs.
const MAX_RUNS_WITHOUT_FAULTS: usize = 8;

pub(super) const SECRETS: [&str; 3] = [TOKEN, "client-secret-7f3e", "refresh-7f3e"];

pub(super) struct Stage {
    pub(super) rehearsal: Rehearsal,
    pub(super) story: Story,
    /// The commands and how they ended, for the failure message.
    pub(super) log: Vec<String>,
    /// The exit status of each run; 1000 and a signal's number for one that was ended by it.
    pub(super) ends: Vec<i32>,
}

impl Stage {
    pub(super) fn new(story: Story) -> Self {
        let mut server = story.server.clone();
        if story.credentials == Credentials::OAuthFile {
            server.refresh_token = Some(SECRETS[2].to_owned());
            server.token = Some("only tokens of the exchange are accepted".to_owned());
        }
        let rehearsal = Rehearsal::against(server).file(&story.rows.text);
        match story.credentials {
            Credentials::Variable => {}
            Credentials::TokenFile => write_secret(&rehearsal, "token.txt", TOKEN),
            Credentials::OAuthFile => {
                let app = serde_json::json!({
                    "client_id": "client-1", "client_secret": SECRETS[1], "refresh_token": SECRETS[2],
                });
                write_secret(&rehearsal, "app.json", &app.to_string());
            }
        }
        Self {
            rehearsal,
            story,
            log: Vec::new(),
            ends: Vec::new(),
        }
    }

    /// Runs the whole story and checks what must hold after each run and at the end.
    pub(super) fn run_story(&mut self) {
        self.remember();
        for run in std::mem::take(&mut self.story.runs) {
            self.run(&run);
        }
        self.finish();
        check::finished(self);
        if self.story.feed_back {
            self.feed_back();
        }
    }

    /// Creates the earlier report that is used as known pairs.
    fn remember(&mut self) {
        let Some(lines) = self.story.memory else {
            return;
        };
        let text = &self.story.rows.text;
        let text: Vec<&str> = text.split_inclusive('\n').take(1 + lines).collect();
        std::fs::write(self.rehearsal.path("earlier.csv"), text.concat()).unwrap();
        let mut arguments = self.arguments("earlier.csv", "memory.csv");
        arguments.push("--resume".to_owned());
        let command = self.command(&arguments);
        let ended = self.watch(command, &Run::without_events());
        assert!(ended.finished.code < 5, "{}", ended.finished.stderr);
    }

    fn run(&mut self, run: &Run) -> Ended {
        let mut arguments = self.arguments("pairs.csv", "pairs.report.csv");
        arguments.push("--resume".to_owned());
        arguments.extend(run.flags.iter().cloned());
        let mut command = self.command(&arguments);
        if let Some(file_blocks) = run.file_blocks {
            let length = std::fs::metadata(self.rehearsal.path("pairs.report.csv"));
            let blocks = length.map_or(0, |file| file.len().div_ceil(512));
            command = with_little_room(&command, u32::try_from(blocks).unwrap() + file_blocks);
        }
        // The summary of an earlier run must not be taken for that of this one.
        let summary = self.rehearsal.path("summary.json");
        let removed = std::fs::remove_file(summary);
        assert!(
            removed.is_ok() || removed.is_err_and(|e| e.kind() == std::io::ErrorKind::NotFound)
        );
        let settled = check::settled_pairs(self, run);
        let ended = self.watch(command, run);
        check::ended(self, run, &ended);
        check::not_sent_again(self, &settled);
        ended
    }

    /// Resumes against a server without drawn faults until every row is settled.
    fn finish(&mut self) {
        let started = Instant::now();
        let mut runs = 0;
        loop {
            let ended = self.run(&Run::without_events());
            let outcomes = check::outcomes(&self.rehearsal, "pairs.report.csv");
            if ended.finished.code < 2 && outcomes[2] == 0 {
                return;
            }
            // Wait until the daily limit resets.
            let waits = self.story.server.daily_limit.is_some() && ended.finished.code == 4;
            runs += usize::from(!waits);
            assert!(
                runs < MAX_RUNS_WITHOUT_FAULTS && started.elapsed() < MAX_RUN_TIME,
                "the input is not finished by {runs} runs: {}",
                ended.finished.stderr
            );
        }
    }

    /// Imports the rows that are not associated once more.
    fn feed_back(&mut self) {
        let mut arguments: Vec<String> = ["report", "pairs.report.csv", "--rejects", "again.csv"]
            .map(ToOwned::to_owned)
            .to_vec();
        if self.story.split {
            arguments.extend(["--split".to_owned(), ";".to_owned()]);
        }
        let command = self.command(&arguments);
        let ended = self.watch(command, &Run::without_events());
        assert!(ended.finished.code < 2, "{}", ended.finished.stderr);
        let mut arguments = self.arguments("again.csv", "again.report.csv");
        arguments.push("--resume".to_owned());
        for _ in 0..MAX_RUNS_WITHOUT_FAULTS {
            let command = self.command(&arguments);
            let ended = self.watch(command, &Run::without_events());
            if ended.finished.code < 2 {
                check::fed_back(self);
                return;
            }
        }
        panic!("the rejects are not finished by {MAX_RUNS_WITHOUT_FAULTS} runs");
    }

    fn arguments(&self, input: &str, report: &str) -> Vec<String> {
        let mut arguments: Vec<String> = [
            "import",
            input,
            "--base-url",
            &self.rehearsal.url(),
            "--rate",
            "unlimited",
            "--report",
            report,
        ]
        .map(ToOwned::to_owned)
        .to_vec();
        let mut add = |words: &[&str]| arguments.extend(words.iter().map(|&word| word.to_owned()));
        if self.story.split {
            add(&["--split", ";"]);
        }
        if self.story.skip_duplicates {
            add(&["--skip-duplicates"]);
        }
        if report != "memory.csv" && self.story.memory.is_some() {
            add(&["--skip-associated-in", "memory.csv"]);
        }
        match self.story.credentials {
            Credentials::Variable => {}
            Credentials::TokenFile => add(&["--token-file", "token.txt"]),
            Credentials::OAuthFile => add(&["--oauth-file", "app.json"]),
        }
        arguments.extend(self.story.flags.iter().cloned());
        arguments
    }

    fn command(&self, arguments: &[String]) -> Program {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let mut command = self.rehearsal.command(&arguments);
        if self.story.credentials != Credentials::Variable {
            command.env_remove("HUBSPOT_ACCESS_TOKEN");
        }
        command
    }

    /// Runs a command to its end, with its events.
    fn watch(&mut self, mut command: Program, run: &Run) -> Ended {
        self.log.push(format!("{}\n    {run:?}", command.words()));
        let sandbox = &self.rehearsal.sandbox;
        sandbox.set_faults(run.phase.faults.clone());
        let before = sandbox.seen();
        let for_rows_before = requests_for_rows(&before);
        let lines = line_count(&self.rehearsal);
        let mut child = command.spawn().unwrap();
        let readers = [child.stdout(), child.stderr()]
            .map(|printed| std::thread::spawn(move || printed.all()));
        let started = Instant::now();
        let mut next_phase = run.next_phase.as_ref();
        let mut interruption = run.interruption;
        let mut interrupted = None;
        while !child.has_ended() {
            let requests = sandbox.requests() - before.requests;
            if let Some((_, phase)) = next_phase.take_if(|(at, _)| requests >= *at) {
                sandbox.set_faults(phase.faults.clone());
            }
            let is_due = |trigger: Trigger| match trigger {
                Trigger::Requests(number) => requests >= number,
                Trigger::Lines(number) => line_count(&self.rehearsal) >= lines + number,
            };
            if let Some((_, how)) = interruption.take_if(|(trigger, _)| is_due(*trigger)) {
                let for_rows = requests_for_rows(&sandbox.seen()) - for_rows_before;
                interrupt(&mut child, how);
                interrupted = Some((how, for_rows));
            }
            if started.elapsed() > MAX_RUN_TIME {
                child.kill();
                panic!("it hangs: {}", self.log.last().unwrap());
            }
            std::thread::park_timeout(POLL_INTERVAL);
        }
        let mut finished = finish(child.output());
        [finished.stdout, finished.stderr] = readers.map(join);
        self.ends.push(finished.code);
        self.log
            .push(format!("  -> {}: {}", finished.code, finished.stderr));
        check::says_no_secret(&finished);
        Ended {
            finished,
            interrupted,
            before,
            after: self.rehearsal.sandbox.seen(),
        }
    }
}

fn write_secret(rehearsal: &Rehearsal, name: &str, text: &str) {
    use std::os::unix::fs::PermissionsExt;
    let path = rehearsal.path(name);
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
}

fn line_count(rehearsal: &Rehearsal) -> usize {
    let bytes = std::fs::read(rehearsal.path("pairs.report.csv")).unwrap_or_default();
    memchr::memchr_iter(b'\n', &bytes).count()
}

fn interrupt(child: &mut Running, how: Interruption) {
    match how {
        Interruption::Interrupt => signal(child, "INT"),
        Interruption::Terminate => signal(child, "TERM"),
        Interruption::Twice => {
            signal(child, "INT");
            signal(child, "INT");
        }
        Interruption::Kill => child.kill(),
        Interruption::Stop(time) => {
            signal(child, "STOP");
            std::thread::sleep(time);
            signal(child, "CONT");
        }
    }
}

/// The output of a finished program, in one text.
pub(super) fn printed(finished: &Finished) -> String {
    [finished.stdout.as_str(), finished.stderr.as_str()].concat()
}

/// The requests that link pairs: a run sends others, for the token and the account, before it has rows.
fn requests_for_rows(seen: &Seen) -> u64 {
    seen.calls("pair") + seen.calls("batch")
}
