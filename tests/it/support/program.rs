//! Runs other programs: [`Program`] and [`Running`] are the standard library's `Command` and `Child`, except that
//! every wait has a limit, that signals have their default effect, and that none outlives its test.

use std::ffi::OsStr;
use std::io;
use std::path::Path;
use std::process::{
    Child, ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus, Output, Stdio,
};
use std::sync::Once;
use std::time::Instant;

use tokio::signal::unix::SignalKind;

use super::waiting::{MAX_WAIT, Printed, wait_until};

/// A command line.
pub(crate) struct Program(Command);

/// Methods of `Command` that return the command itself.
macro_rules! builder {
    ($($name:ident($($argument:ident: $type:ty),*);)*) => {
        $(pub(crate) fn $name(&mut self, $($argument: $type),*) -> &mut Self {
            self.0.$name($($argument),*);
            self
        })*
    };
}

impl Program {
    /// Creates a program; the caller sets its arguments.
    pub(crate) fn new(program: impl AsRef<OsStr>) -> Self {
        reset_ignored_signals();
        Self(Command::new(program))
    }

    builder! {
        arg(argument: impl AsRef<OsStr>);
        args(arguments: impl IntoIterator<Item = impl AsRef<OsStr>>);
        env(name: impl AsRef<OsStr>, value: impl AsRef<OsStr>);
        envs(variables: impl IntoIterator<Item = (impl AsRef<OsStr>, impl AsRef<OsStr>)>);
        env_remove(name: impl AsRef<OsStr>);
        current_dir(folder: impl AsRef<Path>);
        stdin(stream: impl Into<Stdio>);
        stdout(stream: impl Into<Stdio>);
        stderr(stream: impl Into<Stdio>);
    }

    /// The words of the command line.
    pub(crate) fn words(&self) -> String {
        let words: Vec<_> = (self.0.get_args())
            .map(|word| word.to_string_lossy())
            .collect();
        words.join(" ")
    }

    /// The same command run by `shell -c script`, in which `"$@"` is the command line.
    pub(crate) fn under(&self, shell: &str, script: &str) -> Self {
        let mut outer = Self::new(shell);
        outer
            .args(["-c", script, shell])
            .arg(self.0.get_program())
            .args(self.0.get_args())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        if let Some(folder) = self.0.get_current_dir() {
            outer.current_dir(folder);
        }
        for (name, value) in self.0.get_envs() {
            match value {
                Some(value) => outer.env(name, value),
                None => outer.env_remove(name),
            };
        }
        outer
    }

    pub(crate) fn spawn(&mut self) -> io::Result<Running> {
        self.0.spawn().map(Running)
    }

    #[track_caller]
    pub(crate) fn output(&mut self) -> io::Result<Output> {
        self.spawn().map(Running::output)
    }

    #[track_caller]
    pub(crate) fn status(&mut self) -> io::Result<ExitStatus> {
        self.spawn().map(|mut running| running.ended())
    }
}

/// A running program. Dropped, it is killed.
pub(crate) struct Running(Child);

impl Running {
    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }

    pub(crate) fn stdin(&mut self) -> ChildStdin {
        self.0.stdin.take().unwrap()
    }

    pub(crate) fn close_stdout(&mut self) {
        drop(self.0.stdout.take());
    }

    pub(crate) fn stdout(&mut self) -> Printed {
        Printed::of(self.0.stdout.take().unwrap())
    }

    pub(crate) fn stderr(&mut self) -> Printed {
        Printed::of(self.0.stderr.take().unwrap())
    }

    pub(crate) fn kill(&mut self) {
        self.0.kill().unwrap();
    }

    pub(crate) fn has_ended(&mut self) -> bool {
        self.0.try_wait().unwrap().is_some()
    }

    /// Waits until it ends.
    #[track_caller]
    pub(crate) fn ended(&mut self) -> ExitStatus {
        let mut status = None;
        wait_until("the program ends", || {
            status = self.0.try_wait().unwrap();
            status.is_some()
        });
        status.unwrap()
    }

    /// Waits until it ends; returns its output, except a stream that was taken.
    #[track_caller]
    pub(crate) fn output(mut self) -> Output {
        // It may be waiting for the end of its input.
        drop(self.0.stdin.take());
        let stdout = self.0.stdout.take().map(drain::<ChildStdout>);
        let stderr = self.0.stderr.take().map(drain::<ChildStderr>);
        let status = self.ended();
        let [stdout, stderr] =
            [stdout, stderr].map(|text| text.map(super::waiting::join).unwrap_or_default());
        Output {
            status,
            stdout,
            stderr,
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It has ended already, unless the test fails.
        if let Ok(None) = self.0.try_wait() {
            drop(self.0.kill());
            drop(self.0.wait());
        }
    }
}

fn drain<R: io::Read + Send + 'static>(mut stream: R) -> std::thread::JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        bytes
    })
}

/// Sends a signal, by its name without SIG.
pub(crate) fn signal(running: &Running, name: &str) {
    let script = format!("kill -{name} {}", running.id());
    let status = Program::new("sh").args(["-c", &script]).status();
    assert!(status.unwrap().success());
}

/// Sends interrupts until it ends: signals sent in quick succession are merged, and the third and later ones have the
/// same meaning as the second.
pub(crate) fn insist(running: &mut Running) {
    let deadline = Instant::now() + MAX_WAIT;
    while running.0.try_wait().unwrap().is_none() {
        assert!(
            Instant::now() < deadline,
            "it does not end after any number of signals"
        );
        signal(running, "INT");
    }
}

/// A program inherits which signals are ignored, and some environments start tests with one ignored: the background of
/// a script, `nohup`, some CI systems. A signal that the parent handles has its default effect in a child.
fn reset_ignored_signals() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .build()
            .unwrap();
        let _inside = runtime.enter();
        for kind in [
            SignalKind::interrupt(),
            SignalKind::hangup(),
            SignalKind::terminate(),
        ] {
            // A signal that is not ignored must still end the tests.
            if is_ignored(kind) {
                drop(tokio::signal::unix::signal(kind).unwrap());
            }
        }
    });
}

/// Whether this process ignores a signal, as far as the system reports it.
fn is_ignored(kind: SignalKind) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.map(|mask| u64::from_str_radix(mask.trim(), 16).unwrap());
    mask.is_some_and(|mask| mask >> (kind.as_raw_value() - 1) & 1 == 1)
}
