//! The JSON file of an OAuth app: read again after another process changed it, locked during an exchange, and replaced
//! atomically.

#[cfg(test)]
mod tests;

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Map, Value};
use tokio::time::{Instant, sleep};

use crate::api::auth::bare_value::{bare_value, decoded};
use crate::api::auth::error::CredentialsError;
use crate::files::atomic_file::beside::Beside;
use crate::files::atomic_file::leftovers::remove_leftovers;
use crate::files::atomic_file::overwrite;
use crate::files::atomic_file::place::is_named;
use crate::files::bounded_file;
use crate::files::lock::lock;

/// The size limit of an app's file.
const MAX_BYTES: u64 = 64 * 1024;

/// How long to wait for another process to release the lock: longer than an exchange takes.
const LOCK_TIMEOUT: Duration = Duration::from_mins(1);

/// The time between two attempts to take the lock.
const LOCK_PERIOD: Duration = Duration::from_millis(50);

/// The app's credentials.
#[derive(Clone, Debug)]
pub(crate) struct Values {
    pub(crate) client_id: String,
    pub(crate) client_secret: SecretString,
    pub(crate) refresh_token: SecretString,
}

impl PartialEq for Values {
    fn eq(&self, other: &Self) -> bool {
        let secrets = |values: &Self| {
            [&values.client_secret, &values.refresh_token]
                .map(|secret| secret.expose_secret().to_owned())
        };
        self.client_id == other.client_id && secrets(self) == secrets(other)
    }
}

impl Eq for Values {}

/// The file's path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AppFile {
    path: PathBuf,
}

#[derive(Deserialize)]
struct Fields {
    client_id: String,
    client_secret: String,
    refresh_token: String,
}

impl AppFile {
    pub(crate) fn new(path: &Path) -> Self {
        let path = path.to_owned();
        Self { path }
    }

    /// Whether it can be read again and written. A pipe, such as that of a shell's `<(…)`, returns its content once.
    pub(crate) fn is_regular(&self) -> bool {
        self.path.is_file()
    }

    /// Reads its values. The file must be readable by its owner only.
    pub(crate) fn read(&self) -> Result<Values, CredentialsError> {
        self.parse(&self.check_and(bounded_file::read(&self.path, MAX_BYTES))?)
    }

    async fn read_async(&self) -> Result<(Values, Vec<u8>), CredentialsError> {
        let bytes = self.check_and(bounded_file::read_async(&self.path, MAX_BYTES).await)?;
        Ok((self.parse(&bytes)?, bytes))
    }

    fn check_and(&self, read: io::Result<Vec<u8>>) -> Result<Vec<u8>, CredentialsError> {
        let path = || self.path.clone();
        let failed = |source| CredentialsError::File {
            path: path(),
            source,
        };
        if is_readable_by_others(&self.path).map_err(failed)? {
            return Err(CredentialsError::Exposed { path: path() });
        }
        read.map_err(failed)
    }

    fn parse(&self, bytes: &[u8]) -> Result<Values, CredentialsError> {
        let malformed = || CredentialsError::OAuthFile {
            path: self.path.clone(),
        };
        let text = decoded(bytes).ok_or_else(malformed)?;
        let fields: Fields = serde_json::from_str(text.expose_secret()).map_err(|_| malformed())?;
        let value = |name: &str, text: &str| {
            let from = format!("`{name}` in `{}`", self.path.display());
            match bare_value(text, &from)? {
                "" => Err(malformed()),
                value => Ok(value.to_owned()),
            }
        };
        Ok(Values {
            client_id: value("client_id", &fields.client_id)?,
            client_secret: value("client_secret", &fields.client_secret)?.into(),
            refresh_token: value("refresh_token", &fields.refresh_token)?.into(),
        })
    }

    /// Waits for the lock on the file.
    pub(crate) async fn hold(&self) -> Result<HeldFile, CredentialsError> {
        self.hold_within(LOCK_TIMEOUT).await
    }

    async fn hold_within(&self, timeout: Duration) -> Result<HeldFile, CredentialsError> {
        let failed = |source| CredentialsError::NotKept {
            path: self.path.clone(),
            source,
        };
        let deadline = Instant::now() + timeout;
        loop {
            let file = File::open(&self.path).map_err(failed)?;
            // On a file system without locks, exchange without one.
            if lock(&file).unwrap_or(true) {
                // Between opening and locking, another process may have replaced the file.
                if is_named(&file, &self.path).map_err(failed)? {
                    // A killed run may have left a temporary copy.
                    remove_leftovers(&self.path);
                    return Ok(HeldFile {
                        file: self.clone(),
                        held: file,
                        content: None,
                    });
                }
            } else if Instant::now() > deadline {
                let why = format!("another process holds it for {} s", timeout.as_secs());
                return Err(failed(io::Error::new(io::ErrorKind::TimedOut, why)));
            } else {
                sleep(LOCK_PERIOD).await;
            }
        }
    }
}

/// What to do with the file if the disk has no room for a new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FullDisk {
    /// Leave the file unchanged: an interrupted overwrite could leave half a file.
    LeaveUnchanged,
    /// Overwrite the file: its refresh token is no longer valid, and its blocks are already allocated.
    Overwrite,
}

fn is_full_disk(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
    )
}

/// The locked file: no other process exchanges its refresh token now.
#[derive(Debug)]
pub(crate) struct HeldFile {
    file: AppFile,
    held: File,
    /// The content of the file after a token was last written to it.
    content: Option<Vec<u8>>,
}

impl HeldFile {
    /// Its current values.
    pub(crate) async fn read(&self) -> Result<Values, CredentialsError> {
        Ok(self.file.read_async().await?.0)
    }

    /// Writes a refresh token into the file and leaves everything else unchanged. Writing the current token tests
    /// whether a new one could be stored. A new token invalidates the one in the file, so it is stored by every means:
    /// from the content read before if the file cannot be read, in place if it cannot be replaced.
    pub(crate) async fn keep(&mut self, token: &SecretString) -> Result<(), CredentialsError> {
        let bytes = match (self.file.read_async().await, self.content.take()) {
            (Ok((_, bytes)), _) | (Err(_), Some(bytes)) => bytes,
            (Err(error), None) => return Err(error),
        };
        let in_file = self.file.parse(&bytes)?.refresh_token;
        let written = if in_file.expose_secret() == token.expose_secret() {
            let written = self.write(&bytes, FullDisk::LeaveUnchanged);
            self.content = Some(bytes);
            written
        } else {
            let content = self.with_token(&bytes, token)?;
            let written = self.write(&content, FullDisk::Overwrite);
            self.content = Some(content);
            written
        };
        written.map_err(|source| CredentialsError::NotKept {
            path: self.file.path.clone(),
            source,
        })
    }

    fn with_token(&self, bytes: &[u8], token: &SecretString) -> Result<Vec<u8>, CredentialsError> {
        let malformed = || CredentialsError::OAuthFile {
            path: self.file.path.clone(),
        };
        let text = decoded(bytes).ok_or_else(malformed)?;
        let mut fields: Map<String, Value> =
            serde_json::from_str(text.expose_secret()).map_err(|_| malformed())?;
        fields.insert("refresh_token".to_owned(), token.expose_secret().into());
        let mut content = serde_json::to_vec_pretty(&fields).map_err(|_| malformed())?;
        content.push(b'\n');
        Ok(content)
    }

    /// Replaces the file, or overwrites it where replacing is not possible (the folder accepts no new file, the file
    /// is a mount of its own).
    fn write(&mut self, content: &[u8], full_disk: FullDisk) -> io::Result<()> {
        match self.replace(content) {
            Ok(held) => self.held = held,
            Err(error) if full_disk == FullDisk::LeaveUnchanged && is_full_disk(&error) => {
                return Err(error);
            }
            Err(_) => {
                let file = OpenOptions::new().write(true).open(&self.file.path)?;
                overwrite(&file, io::Cursor::new(content))?;
            }
        }
        Ok(())
    }

    /// Locks the new file before it gets its final name.
    fn replace(&self, content: &[u8]) -> io::Result<File> {
        // If the file was deleted, the new one must not be more readable than it was.
        let new = Beside::create(&self.file.path, Some(&self.held.metadata()?))?;
        let mut file = new.file();
        file.write_all(content)?;
        new.take_place()
    }
}

#[cfg(unix)]
fn is_readable_by_others(path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::PermissionsExt;
    Ok(path.metadata()?.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn is_readable_by_others(_path: &Path) -> io::Result<bool> {
    Ok(false)
}
