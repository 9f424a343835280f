//! A software bill of materials: CycloneDX 1.6 as JSON.

use super::{Exported, Shipped, passed_on, shipment};
use crate::Graph;
use pybun_lock::{Package, Source};
use pybun_model::harmless_json;
use serde_json::{Map, Value, json};

/// What the bill is of, and when it was made. Without a time the same lock gives the same bytes.
#[derive(Clone, Debug, Default)]
pub struct Subject {
    pub name: Option<String>,
    pub version: Option<String>,
    /// Seconds since 1970, in UTC.
    pub made_at: Option<u64>,
}

/// Components by purl with the hashes of their files, and who depends on whom. Licences are not in a lock.
pub fn cyclonedx(graph: &Graph, subject: &Subject) -> Exported {
    let shipment = shipment(graph);
    let mut metadata = Map::new();
    if let Some(time) = subject.made_at {
        metadata.insert("timestamp".into(), iso_8601(time).into());
    }
    // Its version would make other bytes of the same lock.
    let tool = json!({ "type": "application", "name": "pybun" });
    metadata.insert("tools".into(), json!({ "components": [tool] }));
    let mut root = json!({
        "type": "application",
        "bom-ref": ROOT,
        "name": subject.name.as_deref().unwrap_or("project"),
    });
    if let Some(version) = &subject.version {
        root["version"] = version.as_str().into();
    }
    metadata.insert("component".into(), root);
    let mut lost = Vec::new();
    let purls: Vec<String> = graph.lock.packages.iter().map(|package| purl(package, &mut lost)).collect();
    lost.dedup();
    let of = |position: u32| purls[position as usize].clone();
    let mut direct: Vec<String> = graph.entries().into_iter().map(|entry| of(entry.to.package)).collect();
    direct.sort();
    direct.dedup();
    let mut dependencies = vec![json!({ "ref": ROOT, "dependsOn": direct })];
    for shipped in &shipment {
        let needs: Vec<String> = shipped.needs.iter().map(|position| of(*position)).collect();
        dependencies.push(json!({ "ref": of(shipped.position), "dependsOn": needs }));
    }
    let bill = json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": metadata,
        "components": shipment.iter().map(|shipped| component(graph, shipped, &of(shipped.position))).collect::<Vec<_>>(),
        "dependencies": dependencies,
    });
    let text = serde_json::to_string_pretty(&bill).expect("maps with texts as keys are JSON");
    Exported { text: format!("{}\n", harmless_json(&text)), lost }
}

const ROOT: &str = "project";

fn component(graph: &Graph, shipped: &Shipped, purl: &str) -> Value {
    let package = shipped.package;
    let files: Vec<Value> = package
        .files
        .iter()
        .map(|file| {
            let mut entry = json!({ "type": "file", "name": file.filename });
            if let Some(digest) = file.sha256 {
                entry["hashes"] = json!([{ "alg": "SHA-256", "content": digest.to_string() }]);
            }
            entry
        })
        .collect();
    let mut out = json!({
        "type": "library",
        "bom-ref": purl,
        "name": package.name,
        "version": package.version.to_string(),
        "purl": purl,
    });
    // One file is the component itself; several are what it comes as.
    if let [file] = &package.files[..]
        && let Some(digest) = file.sha256
    {
        out["hashes"] = json!([{ "alg": "SHA-256", "content": digest.to_string() }]);
    }
    if !files.is_empty() {
        out["components"] = files.into();
    }
    if let Some(marker) = graph.text(shipped.marker) {
        out["properties"] = json!([{ "name": "pybun:marker", "value": &*marker }]);
    }
    out
}

/// `pkg:pypi/name@version`, with where it is from when that is no index. Source: purl specification, type `pypi`.
fn purl(package: &Package, lost: &mut Vec<String>) -> String {
    let base = format!("pkg:pypi/{}@{}", package.name, encoded(&package.version.to_string()));
    match &package.source {
        Source::Index { .. } => base,
        Source::Url(url) => format!("{base}?download_url={}", encoded(&passed_on(url, package, lost))),
        Source::Git { url, commit, subdirectory, .. } => {
            let path = subdirectory.as_ref().map(|path| format!("#{path}")).unwrap_or_default();
            let url = passed_on(url, package, lost);
            format!("{base}?vcs_url={}{path}", encoded(&format!("git+{url}@{commit}")))
        }
        Source::Directory { path, .. } | Source::Path(path) => {
            format!("{base}?download_url={}", encoded(&format!("file:{path}")))
        }
    }
}

fn encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(byte as char);
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// Days to a date by the Gregorian calendar's cycles of 400 years, which begin in March.
fn iso_8601(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400 + 719_468, seconds % 86_400);
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day_of_year = day - (365 * year + year / 4 - year / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let (month, day) =
        (if shifted < 10 { shifted + 3 } else { shifted - 9 }, day_of_year - (153 * shifted + 2) / 5 + 1);
    let year = era * 400 + year + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", rest / 3600, rest / 60 % 60, rest % 60)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Scope;
    use crate::samples::lock;
    use pybun_lock::RootKind;

    #[test]
    fn times() {
        assert_eq!(iso_8601(0), "1970-01-01T00:00:00Z");
        assert_eq!(iso_8601(951_782_400), "2000-02-29T00:00:00Z");
        assert_eq!(iso_8601(1_735_689_599), "2024-12-31T23:59:59Z");
    }

    #[test]
    fn components_and_who_depends_on_whom() {
        let lock = lock(&[(RootKind::Project, &["a"])], &[("a 1", &["b ; sys_platform == 'win32'"]), ("b 2+x", &[])]);
        let scope = Scope { roots: vec![RootKind::Project], ..Scope::default() };
        let bill: Value =
            serde_json::from_str(&cyclonedx(&Graph::new(&lock, &scope), &Subject::default()).text).unwrap();
        assert_eq!(bill["components"][1]["purl"], "pkg:pypi/b@2%2Bx");
        assert_eq!(bill["components"][1]["properties"][0]["value"], "sys_platform == 'win32'");
        assert_eq!(
            bill["dependencies"],
            json!([
                { "ref": "project", "dependsOn": ["pkg:pypi/a@1"] },
                { "ref": "pkg:pypi/a@1", "dependsOn": ["pkg:pypi/b@2%2Bx"] },
                { "ref": "pkg:pypi/b@2%2Bx", "dependsOn": [] },
            ])
        );
        assert_eq!(bill["metadata"].get("timestamp"), None);
    }
}
