//! The threads of the real world: two that run its tasks and timers, a few for calls that wait.

use std::future::{Future, poll_fn};
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;
use tracing::Instrument;

use super::exit::{self, THREAD_PREFIX};
use super::pace::Pace;

const WORKERS_COUNT: usize = 2;

/// Most calls that wait at the same time; more queue. A disk gains little from deeper queues of
/// flushes, and every thread costs a stack.
const CALLS_COUNT_MAX: usize = 8;

/// A runtime of its own, so that the engine may be used on any executor. Started by the first
/// call that needs it. Calls and sleeps under way keep it alive; tasks do not.
#[derive(Default)]
pub(super) struct Threads {
    runtime: OnceLock<Runtime>,
    sync_pace: Pace,
}

impl Threads {
    /// How long syncs of files took lately.
    pub(super) fn sync_pace(&self) -> &Pace {
        &self.sync_pace
    }

    /// Runs `work` on a thread that may wait. Starts at the first poll; from then on it goes to
    /// its end, even where the future is dropped.
    pub(super) fn call<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> impl Future<Output = T> + Send + 'static {
        let threads = self.clone();
        async move {
            match threads.start(work).await {
                Ok(value) => value,
                Err(error) => resume_unwind(error.into_panic()),
            }
        }
    }

    /// Runs `job` on a thread that may wait, to its end.
    #[cfg(feature = "rocks")]
    pub(super) fn run(self: &Arc<Self>, job: Box<dyn FnOnce() + Send>) {
        drop(self.start(job));
    }

    fn start<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> JoinHandle<T> {
        let keep = self.clone();
        self.runtime().spawn_blocking(move || {
            // The runtime may not end while the call waits in its queue: that would drop it.
            let _keep = keep;
            let _running = exit::begin();
            work()
        })
    }

    /// Ready once `duration_us` have passed since the call.
    pub(super) fn sleep(
        self: &Arc<Self>,
        duration_us: u64,
    ) -> impl Future<Output = ()> + Send + 'static {
        let threads = self.clone();
        let sleep = {
            let _entered = threads.runtime().enter();
            tokio::time::sleep(Duration::from_micros(duration_us))
        };
        async move {
            sleep.await;
            // A timer must not be polled after the end of its runtime.
            drop(threads);
        }
    }

    /// Runs `future` until it or the world ends.
    pub(super) fn spawn(
        &self,
        name: &'static str,
        future: impl Future<Output = ()> + Send + 'static,
    ) {
        let mut task = Box::pin(future.instrument(tracing::debug_span!("task", name)));
        self.runtime().spawn(poll_fn(move |context| {
            let _running = exit::begin();
            task.as_mut().poll(context)
        }));
    }

    fn runtime(&self) -> &Runtime {
        self.runtime.get_or_init(start)
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // Plain drop waits for the threads, which an async context forbids.
            runtime.shutdown_background();
        }
    }
}

fn start() -> Runtime {
    let started_count = AtomicUsize::new(0);
    Builder::new_multi_thread()
        .worker_threads(WORKERS_COUNT)
        .max_blocking_threads(CALLS_COUNT_MAX)
        // The runtime starts its workers first.
        .thread_name_fn(move || match started_count.fetch_add(1, Ordering::Relaxed) {
            0..WORKERS_COUNT => format!("{THREAD_PREFIX}world"),
            _ => format!("{THREAD_PREFIX}io"),
        })
        .enable_time()
        .build()
        .expect("the process may start threads")
}
