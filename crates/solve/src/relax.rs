//! A requirement that admits other versions, and as much of its old text as those allow.

use pybun_model::{Requirement, Version, VersionOrUrl, VersionSpecifier, VersionSpecifiers};
use uv_pep440::Operator;

/// `old` for all of `versions`; `None` when there are none, or when it admits them as it is.
pub(crate) fn relaxed(old: &Requirement, versions: &[Version]) -> Option<Requirement> {
    let (lowest, highest) = (versions.iter().min()?, versions.iter().max()?);
    let stated = match &old.version_or_url {
        Some(VersionOrUrl::VersionSpecifier(specifiers)) => specifiers,
        Some(VersionOrUrl::Url(_)) | None => return None,
    };
    let admits = |specifier: &&VersionSpecifier| versions.iter().all(|version| specifier.contains(version));
    let mut kept: Vec<VersionSpecifier> = stated.iter().filter(admits).cloned().collect();
    if kept.len() == stated.len() {
        return None;
    }
    let pinned = stated.iter().any(|specifier| matches!(specifier.operator(), Operator::Equal | Operator::ExactEqual));
    let bound =
        |operator, version: &Version| VersionSpecifier::from_version(operator, version.clone().without_local()).ok();
    if pinned && lowest == highest {
        kept.retain(|specifier| *specifier.operator() != Operator::NotEqual);
        kept.extend(bound(Operator::Equal, lowest));
    } else if !kept.iter().any(is_lower) {
        kept.extend(bound(Operator::GreaterThanEqual, lowest));
    }
    let specifiers: VersionSpecifiers = kept.into_iter().collect();
    Some(Requirement { version_or_url: Some(VersionOrUrl::VersionSpecifier(specifiers)), ..old.clone() })
}

fn is_lower(specifier: &VersionSpecifier) -> bool {
    match specifier.operator() {
        Operator::GreaterThan
        | Operator::GreaterThanEqual
        | Operator::TildeEqual
        | Operator::Equal
        | Operator::EqualStar
        | Operator::ExactEqual => true,
        Operator::LessThan | Operator::LessThanEqual | Operator::NotEqual | Operator::NotEqualStar => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(old: &str, versions: &[&str], expected: Option<&str>) {
        let versions: Vec<Version> = versions.iter().map(|text| text.parse().unwrap()).collect();
        let new = relaxed(&old.parse().unwrap(), &versions);
        assert_eq!(new.map(|new| new.to_string()).as_deref(), expected, "{old}");
    }

    #[test]
    fn only_what_stands_in_the_way_goes() {
        check("a>=1,<2", &["2.3"], Some("a>=1"));
        check("a<2", &["2.3"], Some("a>=2.3"));
        check("a>=5", &["3.2"], Some("a>=3.2"));
        check("a>=5,<7", &["3.2"], Some("a>=3.2,<7"));
        check("a>=5,!=6", &["4"], Some("a>=4,!=6"));
        check("a!=2,>=1", &["2"], Some("a>=1"));
    }

    #[test]
    fn a_pin_stays_one() {
        check("a==2.0", &["1.5"], Some("a==1.5"));
        check("a==2.0", &["1.5", "1.6"], Some("a>=1.5"));
        check("a~=2.1", &["3.0"], Some("a>=3.0"));
        check("a[x]==2 ; os_name == 'nt'", &["3+cpu"], Some("a[x]==3 ; os_name == 'nt'"));
    }

    #[test]
    fn what_fits_stays() {
        check("a>=1", &["2"], None);
        check("a", &["2"], None);
        check("a>=1", &[], None);
    }
}
