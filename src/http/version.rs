//! Versions on the wire: `If-Match` beside `version` in the body, entity tags, and 304 for what has not changed.

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::HeaderName;
use axum::http::StatusCode;
use axum::http::header;
use axum::http::request::Parts;
use axum::response::IntoResponse;
use axum::response::Response;
use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::domain::fault::Bad;
use crate::domain::fault::FaultKind;
use crate::error::Error;
use crate::error::Result;

/// The version in `If-Match`, if there is one: `*` and nothing are the same, and what follows a dash does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IfMatch(pub Option<i64>);

impl FromRequestParts<App> for IfMatch {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self> {
        match one(&parts.headers, &header::IF_MATCH)? {
            None | Some("*") => Ok(Self(None)),
            Some(tag) => version_of(tag).map(|version| Self(Some(version))),
        }
    }
}

impl IfMatch {
    /// The one version of a request that may carry it in the header and in the body.
    pub fn or_body(self, body: Option<i64>) -> Result<Option<i64>> {
        match (self.0, body) {
            (Some(header), Some(body)) if header != body => Err(Error::fault(
                "version",
                FaultKind::Invalid,
                "The header If-Match says something else.",
            )),
            (header, body) => Ok(header.or(body)),
        }
    }
}

fn one<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>> {
    match headers.get(name) {
        None => Ok(None),
        Some(value) => match value.to_str() {
            Ok(text) => Ok(Some(text.trim())),
            Err(_) => Err(Bad::format("is not an entity tag").at(name.as_str()).into()),
        },
    }
}

/// `"7"`, `W/"7"` or `"7-c0ffee"` → 7.
fn version_of(tag: &str) -> Result<i64> {
    let tag = tag.strip_prefix("W/").unwrap_or(tag);
    tag.strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .and_then(|inner| inner.split('-').next())
        .and_then(|version| version.parse().ok())
        .ok_or_else(|| {
            let bad = Bad::format("is not the entity tag of a version, such as \"3\"");
            bad.at("If-Match").into()
        })
}

/// The tags in `If-None-Match`.
#[derive(Debug, Clone, Default)]
pub struct IfNoneMatch(Option<String>);

impl FromRequestParts<App> for IfNoneMatch {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self> {
        one(&parts.headers, &header::IF_NONE_MATCH).map(|tags| Self(tags.map(str::to_owned)))
    }
}

impl IfNoneMatch {
    /// Whether the caller holds what has this tag.
    pub fn holds(&self, tag: &str) -> bool {
        self.0.as_deref().is_some_and(|tags| {
            tags == "*"
                || tags
                    .split(',')
                    .any(|held| held.trim().trim_start_matches("W/") == tag)
        })
    }
}

/// The entity tag of a version; `figures` is a digest of what shows without raising it.
pub fn tag(version: i64, figures: Option<&str>) -> String {
    match figures {
        Some(figures) => format!("\"{version}-{figures}\""),
        None => format!("\"{version}\""),
    }
}

/// A thing with its tag, or 304 if the caller holds it.
pub fn tagged<T: Serialize>(
    status: StatusCode,
    tag: &str,
    held: &IfNoneMatch,
    thing: &T,
) -> Result<Response> {
    if held.holds(tag) {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response());
    }
    let json = serde_json::to_vec(thing).map_err(|cause| Error::Internal(cause.into()))?;
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::ETAG, tag)];
    Ok((status, headers, json).into_response())
}

/// A thing that was made or changed, with the tag of its version.
pub fn versioned<T: Serialize>(status: StatusCode, version: i64, thing: &T) -> Result<Response> {
    tagged(status, &tag(version, None), &IfNoneMatch::default(), thing)
}

/// The version that the caller has seen, where nothing else is said.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SeenVersion)]
pub struct Seen {
    /// May be left out.
    pub version: Option<i64>,
}
