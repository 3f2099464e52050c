//! Index databases as a simulated process has them: behind calls that suspend, take time, and
//! end with the process. What a database holds belongs to the disk and outlives processes.

use std::future::Future;
use std::path::{Path, PathBuf};

use duolog::index::model::ModelBackend;
use duolog::io::{IndexBackend, IndexError, IndexOptions};

use super::context::{Call, Context, dead};
use super::databases::{Databases, Frozen, Primary, Secondary};
use super::index_fault::{IndexCall, IndexFault, Struck};
use super::instance::SimInstance;
use super::options::CallKind;
use super::traced::Traced;

/// Opens index instances of a simulated process.
#[derive(Clone)]
pub struct SimIndex {
    context: Context,
    databases: Databases,
}

impl SimIndex {
    pub(super) fn new(context: Context, databases: Databases) -> Self {
        Self { context, databases }
    }

    /// The databases of the model, to make them misbehave.
    pub fn model(&self) -> &ModelBackend {
        self.databases.model()
    }

    pub(super) fn databases(&self) -> &Databases {
        &self.databases
    }

    /// The name that the databases know a directory by.
    fn canonical(&self, directory: &Path, is_made: bool) -> Result<PathBuf, IndexError> {
        let mut state = self.context.shared.lock("it opened an index");
        let made = if is_made { state.disk.create_directories(directory) } else { Ok(()) };
        let canonical = made.and_then(|()| state.disk.canonical(directory));
        canonical.map_err(|error| refused(directory, &error.to_string()))
    }

    fn call<'a>(&self, name: &'static str, path: &'a Path) -> Call<'a> {
        Call { name, path, fields: &[], kind: CallKind::IndexWrite }
    }
}

pub(super) fn refused(path: &Path, what: &str) -> IndexError {
    IndexError { path: path.to_owned(), what: what.to_owned(), sticky: false }
}

/// Runs a call of a database, which is ready at its first poll, as a call of a process.
pub(super) async fn around<T: Traced>(
    context: &Context,
    call: Call<'_>,
    effect: impl Future<Output = Result<T, IndexError>> + Send,
) -> Result<T, IndexError> {
    let Some((before_us, after_us)) = context.begin(&call) else { return dead().await };
    context.delay(before_us).await;
    if context.lock("it called an index").is_none() {
        return dead().await;
    }
    let result = effect.await;
    context.take_effect(&call, |_| &result);
    if after_us > 0 {
        context.delay(after_us).await;
    }
    result
}

impl IndexBackend for SimIndex {
    type Primary = SimInstance<Primary>;
    type Secondary = SimInstance<Secondary>;
    type Frozen = SimInstance<Frozen>;

    async fn open_primary(
        &self,
        directory: &Path,
        options: IndexOptions,
    ) -> Result<Self::Primary, IndexError> {
        let struck = self.context.index_call(IndexCall::OpenPrimary, directory);
        let open = async {
            let canonical = self.canonical(directory, true)?;
            if let Some(struck) = struck {
                self.context.index_struck(&struck, directory);
                let what = format!("no descriptor is left {}", struck.tag);
                return Err(refused(directory, &what));
            }
            let instance = self.databases.open_primary(&canonical, options).await?;
            Ok(SimInstance::new(&self.context, &canonical, None, instance))
        };
        let opened = around(&self.context, self.call("open_primary", directory), open).await?;
        opened.returned();
        Ok(opened)
    }

    async fn open_secondary(
        &self,
        directory: &Path,
        private: &Path,
    ) -> Result<Self::Secondary, IndexError> {
        let struck = self.context.index_call(IndexCall::OpenSecondary, directory);
        if let Some(Struck { fault: IndexFault::SlowOpen { us }, .. }) = &struck {
            self.context.delay(*us).await;
        }
        let open = async {
            let canonical = self.canonical(directory, false)?;
            if let Some(struck) = struck {
                self.context.index_struck(&struck, directory);
                if struck.fault == IndexFault::FileMissing {
                    let what = format!("no such file: 000012.sst {}", struck.tag);
                    return Err(refused(directory, &what));
                }
            }
            let instance = self.databases.open_secondary(&canonical, private).await?;
            let private = self.canonical(private, true)?;
            Ok(SimInstance::new(&self.context, &canonical, Some(private), instance))
        };
        let opened = around(&self.context, self.call("open_secondary", directory), open).await;
        self.context.index_answered(IndexCall::OpenSecondary, directory);
        opened
    }

    async fn open_frozen(&self, directory: &Path) -> Result<Self::Frozen, IndexError> {
        let open = async {
            let canonical = self.canonical(directory, false)?;
            let instance = self.databases.open_frozen(&canonical).await?;
            Ok(SimInstance::new(&self.context, &canonical, None, instance))
        };
        around(&self.context, self.call("open_frozen", directory), open).await
    }

    async fn file_count(&self, directory: &Path) -> Result<u64, IndexError> {
        let count = async {
            let canonical = self.canonical(directory, false)?;
            self.databases.file_count(&canonical).await
        };
        let call = self.call("file_count", directory);
        around(&self.context, Call { kind: CallKind::IndexRead, ..call }, count).await
    }
}
