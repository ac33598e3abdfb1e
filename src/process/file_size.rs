//! Handles a limit on the size of files (`ulimit -f`, systemd's `LimitFSIZE=`).

use std::io;

use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};

/// SIGXFSZ on Linux, macOS and the BSDs; the standard library and tokio have no name for it.
const FILE_SIZE_LIMIT: i32 = 25;

/// Makes a write beyond the limit fail as on a full disk. By default the signal ends the process, without a summary
/// and with unfinished files left behind.
///
/// A handler that does nothing suffices, and unlike an ignored signal it is not inherited by `--token-command`. Handlers
/// of tokio stay installed after their runtime is dropped.
pub(crate) fn fail_writes_beyond_the_limit() -> io::Result<()> {
    let runtime = Builder::new_current_thread().enable_io().build()?;
    let _inside = runtime.enter();
    signal(SignalKind::from_raw(FILE_SIZE_LIMIT)).map(drop)
}
