//! Opens the report of an import for an undo: locked, so that no import continues it meanwhile, and planned.

use std::fs::File;
use std::path::{Path, PathBuf};

use crate::cli::undo::UndoArgs;
use crate::commands::undo::lines::LinkLines;
use crate::error::RunError;
use crate::files::lock::Lock;
use crate::files::lock_file::LockFile;
use crate::report::end_of_run::EndOfRun;
use crate::report::error::ReportError;
use crate::undo::error::UndoError;
use crate::undo::pair_uses::PairUses;
use crate::undo::plan::{Decider, Plan};
use crate::undo::portals::{Chosen, Portals};

/// The report of an import. An import that writes to it waits until this is dropped, and so does another undo.
pub(crate) struct Source {
    pub(crate) path: PathBuf,
    /// Holds the system's lock.
    _file: File,
    _lock_file: Option<LockFile>,
}

/// The plan of an undo, and how it decides about each row.
pub(crate) struct Planned {
    pub(crate) plan: Plan,
    pub(crate) decider: Decider,
    /// Whether the import that wrote the report has finished.
    pub(crate) is_finished: bool,
}

impl Source {
    /// Opens and locks the report. Fails while an import writes to it.
    pub(crate) fn open(path: &Path) -> Result<Self, RunError> {
        let failed = |source: std::io::Error| {
            let path = path.to_owned();
            match source.kind() {
                std::io::ErrorKind::NotFound => ReportError::Missing { path },
                _ => ReportError::ReadBack {
                    path,
                    source: source.into(),
                },
            }
        };
        let file = File::open(path).map_err(failed)?;
        if !file.metadata().map_err(failed)?.is_file() {
            let path = path.to_owned();
            return Err(UndoError::NotFile { path }.into());
        }
        match Lock::take(&file, path, &File::try_lock_shared).map_err(failed)? {
            Lock::Ours(lock_file) => Ok(Self {
                path: path.to_owned(),
                _file: file,
                _lock_file: lock_file,
            }),
            Lock::Busy { by, lock_file } => {
                let path = path.to_owned();
                Err(ReportError::Busy {
                    path,
                    by,
                    lock_file,
                }
                .into())
            }
        }
    }

    /// Makes the plan. Reads the report twice: whether a link is removed depends on all rows that have it.
    pub(crate) fn plan(&self, flags: &UndoArgs) -> Result<Planned, RunError> {
        let mut uses = PairUses::default();
        let mut portals = Portals::default();
        let mut lines = LinkLines::open(&self.path)?;
        while let Some(line) = lines.next()? {
            if let Some(row) = line.row() {
                uses.add(&row);
                portals.add(row.portal);
            }
        }
        // A report without lines, or of an earlier version, does not note it, and proves nothing.
        let is_finished = lines.end_of_run() != EndOfRun::NotFinished;
        if !is_finished && !flags.partial {
            let path = self.path.clone();
            return Err(UndoError::Unfinished { path }.into());
        }
        let portal = self.portal(&portals, flags)?;
        let mut decider = Decider::new(portal, uses.into_shared(portal));
        let mut plan = Plan::new(portal);
        let mut lines = LinkLines::open(&self.path)?;
        while let Some(line) = lines.next()? {
            match line.row() {
                Some(row) => plan.add(&row, decider.decide(&row)),
                None => plan.add_other(),
            }
        }
        decider.rewind();
        Ok(Planned {
            plan,
            decider,
            is_finished,
        })
    }

    /// The portal whose links are removed.
    fn portal(&self, portals: &Portals, flags: &UndoArgs) -> Result<Option<u64>, UndoError> {
        let path = self.path.clone();
        match portals.choose(flags.connection.expect_portal) {
            Chosen::None => Ok(None),
            Chosen::One(portal) => Ok(Some(portal)),
            Chosen::Several(found) => Err(UndoError::SeveralPortals { path, found }),
            Chosen::Other { found, expected } => Err(UndoError::OtherPortal {
                path,
                found,
                expected,
            }),
        }
    }
}
