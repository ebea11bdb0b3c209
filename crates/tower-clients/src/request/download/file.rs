//! A file that is there when it is complete.

use bytes::Bytes;
use std::{
    fmt,
    fs::{self, File},
    hash::{BuildHasher, RandomState},
    io::{self, Write},
    path::{self, Path, PathBuf},
};
use tokio::task::spawn_blocking;
use tower_clients_layers::{Error, ErrorKind};

/// A file could not be written. The source of an [`ErrorKind::Io`] error; its own source is the
/// [`io::Error`].
#[derive(Debug)]
pub struct FileError {
    path: PathBuf,
    source: io::Error,
}

impl FileError {
    /// The file that was asked for.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot write `{}`", self.path.display())
    }
}

impl std::error::Error for FileError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}

/// The unfinished file. It is removed when this is dropped.
///
/// It goes to the threads of the disk and comes back: so it is dropped even if nobody waits for it
/// any more, and never while another thread is about to create the file.
#[derive(Debug)]
pub(super) struct Temporary {
    /// Closed before the file is moved or removed.
    file: Option<File>,
    path: PathBuf,
    target: PathBuf,
    moved: bool,
}

impl Temporary {
    pub(super) async fn beside(target: PathBuf) -> Result<Self, Error> {
        let asked = target.clone();
        blocking(asked, move || {
            let target = path::absolute(target)?;
            if target.is_dir() {
                return Err(io::ErrorKind::IsADirectory.into());
            }
            // Keyed by the operating system, so that nobody can be there first.
            let random = RandomState::new().hash_one(&target);
            let path = target.with_file_name(format!(".download-{random:016x}"));
            let file = File::options().write(true).create_new(true).open(&path)?;
            Ok(Self { file: Some(file), path, target, moved: false })
        })
        .await
    }

    pub(super) async fn write(mut self, pieces: Vec<Bytes>) -> Result<Self, Error> {
        blocking(self.target.clone(), move || {
            if let Some(file) = &mut self.file {
                pieces.iter().try_for_each(|piece| file.write_all(piece))?;
            }
            Ok(self)
        })
        .await
    }

    /// Synced first: else a crash could leave the new name with nothing behind it.
    pub(super) async fn commit(self) -> Result<(), Error> {
        blocking(self.target.clone(), move || {
            let mut this = self;
            if let Some(file) = this.file.take() {
                file.sync_all()?;
            }
            fs::rename(&this.path, &this.target)?;
            this.moved = true;
            Ok(())
        })
        .await
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if !self.moved {
            drop(self.file.take());
            // There is nobody to tell.
            let _ = fs::remove_file(&self.path);
        }
    }
}

async fn blocking<T: Send + 'static>(
    path: PathBuf,
    job: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, Error> {
    let result = spawn_blocking(job).await.unwrap_or_else(|error| Err(io::Error::other(error)));
    result.map_err(|source| Error::new(ErrorKind::Io, FileError { path, source }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn failed_write_removes_the_file_and_names_the_target() {
        let name = RandomState::new().hash_one(0);
        let target = std::env::temp_dir().join(format!("tower-clients-write-{name:016x}"));
        let mut file = Temporary::beside(target.clone()).await.unwrap();
        let path = file.path.clone();
        assert!(path.exists());
        // A file that was opened to be read stands for a full disk.
        file.file = Some(File::open(&path).unwrap());
        let error = file.write(vec!["x".into()]).await.unwrap_err();
        assert!(error.is_io() && !path.exists() && !target.exists());
        assert_eq!(error.find_source::<FileError>().unwrap().path(), target);
        assert!(error.find_source::<io::Error>().is_some());
    }
}
