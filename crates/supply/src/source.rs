//! The resolver's questions, answered by indexes and, for sdists that do not say it themselves, by builds.

use crate::Supply;
use pybun_model::{CoreMetadata, Distribution, IndexFile, PackageName, Problem, ProjectPage};
use pybun_python::Interpreter;
use pybun_solve::{Direct, Future, OtherPython, Source, Wanted};
use std::sync::Arc;

impl Source for Supply {
    fn page<'a>(&'a self, name: &'a PackageName) -> Future<'a, Option<Arc<ProjectPage>>> {
        Box::pin(async move { self.shared.client.page(name).await.map_err(|error| Problem::from(&error)) })
    }

    fn metadata<'a>(&'a self, file: &'a IndexFile) -> Future<'a, CoreMetadata> {
        Box::pin(self.metadata_of(file))
    }

    fn interpreters(&self) -> Future<'_, Vec<OtherPython>> {
        let search = self.shared.search.clone();
        let find = move || pybun_python::find(&search).interpreters;
        Box::pin(async move {
            // Who cannot be found is not proposed.
            let found = tokio::task::spawn_blocking(find).await.unwrap_or_default();
            let other =
                |found: &Interpreter| OtherPython { markers: found.markers.clone(), tags: Arc::new(found.tags()) };
            Ok(found.iter().map(other).collect())
        })
    }

    fn indexes(&self) -> Vec<String> {
        self.shared.client.asked_for_any()
    }

    fn asked(&self, name: &PackageName) -> Vec<String> {
        self.shared.client.asked(name)
    }

    fn direct<'a>(&'a self, wanted: &'a Wanted) -> Future<'a, Direct> {
        Box::pin(async move { self.directly(wanted).await })
    }
}

impl Supply {
    async fn metadata_of(&self, file: &IndexFile) -> Result<CoreMetadata, Problem> {
        let client = &self.shared.client;
        let problem = |error| Problem::from(&error);
        match &file.distribution {
            Distribution::Wheel(_) => client.metadata(file).await.map_err(problem),
            Distribution::Sdist(_) => match client.sdist_metadata(file).await.map_err(problem)? {
                Some(metadata) => Ok(metadata),
                None => self.built_metadata(file).await,
            },
        }
    }
}
