//! What all the work of one command shares.

use pybun_build::Chain;
use pybun_fetch::Client;
use pybun_install::{Layout, Store};
use pybun_lock::{Names, Source};
use pybun_model::{Event, PackageName, Problem, Tags};
use pybun_python::{Environment, Interpreter, Search};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::Semaphore;
use url::Url;

/// Takes events from any thread.
pub type Emitter = Arc<dyn Fn(Event) + Send + Sync>;

/// An index client, the store, and the interpreter for which things are resolved and built. Cheap to clone.
#[derive(Clone)]
pub struct Supply {
    pub(crate) shared: Arc<Shared>,
    /// The builds that wait for what is done here.
    pub(crate) chain: Chain,
    pub(crate) project: Arc<Project>,
}

/// What the project at hand says of its sources.
#[derive(Clone, Debug, Default)]
pub struct Project {
    /// Where the relative paths of its lock begin.
    pub root: PathBuf,
    /// The URLs of its requirements that hold credentials, which no lock does.
    pub credentials: Vec<Url>,
    /// Never built.
    pub no_build: Names,
    /// Sources of an earlier lock, whose commits are kept.
    pub locked: BTreeMap<PackageName, Vec<Source>>,
}

pub(crate) struct Shared {
    pub(crate) client: Client,
    pub(crate) store: Store,
    pub(crate) interpreter: Interpreter,
    pub(crate) tags: Arc<Tags>,
    pub(crate) search: Search,
    pub(crate) offline: bool,
    pub(crate) emit: Emitter,
    /// As many unpack at a time as there are processors.
    pub(crate) unpacking: Arc<Semaphore>,
    pub(crate) downloading: Semaphore,
    /// A build uses as many processors as it likes; two at once keep them busy.
    pub(crate) building: Semaphore,
}

/// More connections only share the same line; the index client bounds its requests on its own.
const DOWNLOADS: usize = 16;
const BUILDS: usize = 2;

impl Supply {
    /// `settings.cache_dir` is the data directory for everything.
    pub fn new(settings: pybun_fetch::Settings, interpreter: Interpreter, emit: Emitter) -> Result<Self, Problem> {
        let client = Client::new(settings).map_err(|error| Problem::from(&error))?;
        Ok(Self::with_client(client, interpreter, emit))
    }

    /// The same with a client that may have been asked for something already.
    pub fn with_client(client: Client, interpreter: Interpreter, emit: Emitter) -> Self {
        let settings = client.settings();
        let search = Search {
            cwd: settings.cache_dir.clone(),
            cache_dir: settings.cache_dir.clone(),
            environment: settings.environment.clone(),
        };
        let offline = settings.offline;
        let store = Store::open(&settings.cache_dir);
        let threads = pybun_install::cpu_threads();
        let tags = Arc::new(interpreter.tags());
        let shared = Shared {
            client,
            store,
            interpreter,
            tags,
            search,
            offline,
            emit,
            unpacking: Arc::new(Semaphore::new(threads)),
            downloading: Semaphore::new(pybun_install::downloads(DOWNLOADS)),
            building: Semaphore::new(BUILDS),
        };
        Self { shared: Arc::new(shared), chain: Chain::default(), project: Arc::default() }
    }

    /// The same for what a project requires.
    #[must_use]
    pub fn of_project(self, project: Project) -> Self {
        Self { project: Arc::new(project), ..self }
    }

    pub fn project(&self) -> &Project {
        &self.project
    }

    pub fn store(&self) -> &Store {
        &self.shared.store
    }

    pub fn interpreter(&self) -> &Interpreter {
        &self.shared.interpreter
    }

    pub fn tags(&self) -> Arc<Tags> {
        self.shared.tags.clone()
    }

    pub fn emit(&self) -> &Emitter {
        &self.shared.emit
    }
}

/// Where an environment takes what is installed.
pub fn layout_of(environment: &Environment) -> Layout {
    Layout {
        purelib: environment.purelib.clone(),
        platlib: environment.platlib.clone(),
        scripts: environment.scripts.clone(),
        data: environment.data.clone(),
        headers: environment.headers.clone(),
        python: environment.python.clone(),
        prefix: environment.root.clone(),
    }
}
