//! A name that may have been meant.

use pybun_model::PackageName;

/// The name with the fewest slips of the pen between it and `name`, if those are few.
pub(crate) fn nearest<'a>(name: &PackageName, known: impl Iterator<Item = &'a PackageName>) -> Option<&'a PackageName> {
    let most = if name.as_ref().len() < 6 { 1 } else { 2 };
    let near = known.filter(|other| *other != name).map(|other| (distance(name.as_ref(), other.as_ref(), most), other));
    near.filter(|(distance, _)| *distance <= most).min().map(|(_, other)| other)
}

/// Letters missing, added, wrong or swapped with their neighbour; more than `most` where that many do not suffice.
fn distance(a: &str, b: &str, most: usize) -> usize {
    if a.len().abs_diff(b.len()) > most {
        return most + 1;
    }
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for (i, row) in rows.iter_mut().enumerate() {
        row[0] = i;
    }
    rows[0] = (0..=b.len()).collect();
    for i in 1..=a.len() {
        for j in 1..=b.len() {
            let wrong = usize::from(a[i - 1] != b[j - 1]);
            let mut best = (rows[i - 1][j] + 1).min(rows[i][j - 1] + 1).min(rows[i - 1][j - 1] + wrong);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = best;
        }
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, known: &[&str], expected: Option<&str>) {
        let known: Vec<PackageName> = known.iter().map(|name| name.parse().unwrap()).collect();
        let found = nearest(&name.parse().unwrap(), known.iter());
        assert_eq!(found.map(AsRef::as_ref), expected);
    }

    #[test]
    fn finds_slips_of_the_pen() {
        check("reqeusts", &["requests", "request"], Some("requests"));
        check("flsk", &["flask", "black"], Some("flask"));
        check("numpyy", &["numpy"], Some("numpy"));
    }

    #[test]
    fn leaves_other_names_alone() {
        check("left", &["right", "flask"], None);
        check("a", &["a"], None);
    }
}
