//! Where a request of a historic or untidy path belongs: one table of old names, `/api` for `/api/v1`, and one trailing
//! slash that means nothing (I11).

/// The root of the canonical paths.
pub const ROOT: &str = "/api/v1";

/// Old path, canonical path below the root. What stands behind a prefix stays.
const ALIASES: &[(&str, &str)] = &[
    ("/inventory/assets/", "/products/public/sku/"),
    ("/inventory/assets", "/products/public"),
];

/// Routes that also have bare paths, without `/api`.
const BARE: &[&str] = &["/auth", "/balance", "/inventory/assets"];

/// Not part of the version: stands below `/api` itself.
const UNVERSIONED: &[&str] = &["/openapi.json", "/docs"];

/// The canonical path, if it is another one.
pub fn canonical(path: &str) -> Option<String> {
    let (below, is_tidy) = match path.strip_prefix(ROOT) {
        Some(below) if is_under("", below) => (below, true),
        _ => match path.strip_prefix("/api") {
            Some(below) if UNVERSIONED.iter().any(|known| is_under(known, below)) => {
                return below.strip_suffix('/').map(|tidy| format!("/api{tidy}"));
            }
            Some(below) if is_under("", below) => (below, false),
            _ if BARE.iter().any(|known| is_under(known, path)) => (path, false),
            _ => return None,
        },
    };
    let trimmed = match below.strip_suffix('/') {
        Some(trimmed) if !trimmed.is_empty() => trimmed,
        _ => below,
    };
    let alias = ALIASES.iter().find_map(|(old, new)| match old.ends_with('/') {
        true => trimmed.strip_prefix(old).map(|rest| format!("{new}{rest}")),
        false => (trimmed == *old).then(|| (*new).to_owned()),
    });
    match (alias, is_tidy && trimmed.len() == below.len()) {
        (Some(alias), _) => Some(format!("{ROOT}{alias}")),
        (None, true) => None,
        (None, false) => Some(format!("{ROOT}{trimmed}")),
    }
}

/// Whether `path` is `root` or lies below it.
fn is_under(root: &str, path: &str) -> bool {
    path.strip_prefix(root)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// I11
    #[test]
    fn every_spelling_of_a_path_is_one_path() {
        for (path, wanted) in [
            ("/api/v1/orders", None),
            ("/api/v1/orders/7", None),
            ("/api/v1/orders/", Some("/api/v1/orders")),
            ("/api/v1/orders//", Some("/api/v1/orders/")),
            ("/api/orders", Some("/api/v1/orders")),
            ("/api/orders/", Some("/api/v1/orders")),
            ("/api/products/public/", Some("/api/v1/products/public")),
            ("/auth/login", Some("/api/v1/auth/login")),
            ("/auth/login/", Some("/api/v1/auth/login")),
            ("/authors", None),
            ("/balance", Some("/api/v1/balance")),
            ("/balance/deposit", Some("/api/v1/balance/deposit")),
            ("/inventory/assets", Some("/api/v1/products/public")),
            ("/inventory/assets/", Some("/api/v1/products/public")),
            (
                "/inventory/assets/85123A",
                Some("/api/v1/products/public/sku/85123A"),
            ),
            ("/api/inventory/assets/7", Some("/api/v1/products/public/sku/7")),
            ("/api/v1/inventory/assets", Some("/api/v1/products/public")),
            ("/api/openapi.json", None),
            ("/api/docs", None),
            ("/api/docs/", Some("/api/docs")),
            ("/api/docs/index.css", None),
            ("/apiary", None),
            ("/api", Some("/api/v1")),
            ("/orders", None),
            ("/", None),
            ("/health", None),
        ] {
            assert_eq!(canonical(path).as_deref(), wanted, "{path}");
        }
    }
}
