//! The OpenAPI document, made from the route tables: a row is a route, so what is not in the document does not exist. What
//! a handler takes is read from the types of its arguments, and the shapes of bodies from the types that read and write
//! them; errors, headers, security and the right are the same for all.

use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use crate::error::Code;
use crate::http::route::Access;
use crate::http::route::Row;
use crate::http::route::Table;
use crate::http::shape::Good;
use crate::http::shape::Shapes;

/// The document of these faces.
pub fn document(faces: &[(&str, Table)]) -> Value {
    let mut paths = Map::new();
    let mut shapes = Shapes::new();
    for (root, table) in faces {
        for row in table.rows() {
            let path = format!("{root}{}", row.path).replace("{*", "{");
            let item = paths.entry(path.clone()).or_insert_with(|| json!({}));
            if let Some(item) = item.as_object_mut() {
                item.insert(
                    row.method.as_str().to_lowercase(),
                    operation(&path, row, &mut shapes),
                );
            }
        }
    }
    let mut schemas = json!(shapes);
    schemas["Problem"] = problem();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Till",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "The back office of a small shop. `/api` is the same as `/api/v1`; a slash at the end is \
                ignored. The codes of failures: /api/docs/codes.",
            "license": { "name": "MIT", "identifier": "MIT" },
        },
        "servers": [{ "url": "/" }],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": { "Problem": problem_reply() },
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "An access token or an API key.",
                },
                "cookie": { "type": "apiKey", "in": "cookie", "name": "__Host-till" },
            },
        },
    })
}

fn operation(path: &str, row: &Row, shapes: &mut Shapes) -> Value {
    let words: Vec<&str> = path
        .split(['/', '{', '}', '.', '-'])
        .filter(|word| !word.is_empty() && *word != "api" && *word != "v1")
        .collect();
    let method = row.method.as_str().to_lowercase();
    let mut operation = json!({
        "operationId": format!("{method}_{}", words.join("_")),
        "tags": [words.first().copied().unwrap_or("shop")],
        "summary": summary(row),
        "description": who(row),
        "parameters": parameters(path, row),
        "responses": replies(path, row, shapes),
        "security": match row.access {
            Access::Public => json!([]),
            // The token of a guest's order stands in the body.
            _ if is_for_holders(row) => json!([{ "bearer": [] }, { "cookie": [] }, {}]),
            _ => json!([{ "bearer": [] }, { "cookie": [] }]),
        },
    });
    if let Some(body) = body(row, shapes)
        && let Some(operation) = operation.as_object_mut()
    {
        operation.insert("requestBody".into(), body);
    }
    operation
}

/// The handler's own name: `orders::place` is "orders: place".
fn summary(row: &Row) -> String {
    let mut names = row.handler.rsplit("::").filter(|name| !name.starts_with('{'));
    match (names.next(), names.next()) {
        (Some(verb), Some(noun)) => format!("{noun}: {}", verb.replace('_', " ")),
        _ => row.path.to_owned(),
    }
}

/// Whether the body may carry the token of a guest's order.
fn is_for_holders(row: &Row) -> bool {
    row.takes("Held") || row.takes("MaybeHeld")
}

fn who(row: &Row) -> String {
    match row.access {
        Access::Public => "For everybody.".to_owned(),
        Access::SignedIn => "For any signed-in user, on what is theirs.".to_owned(),
        Access::Needs(right) => format!("Needs the right `{}`.", right.name()),
        Access::OwnOr(right) => {
            let guest = match is_for_holders(row) {
                true => " For a guest with the order's `order_token`.",
                false => "",
            };
            format!(
                "For any signed-in user on what is theirs; with the right `{}` on all.{guest}",
                right.name()
            )
        }
    }
}

fn parameters(path: &str, row: &Row) -> Vec<Value> {
    let named = path.split('{').skip(1).filter_map(|part| part.split('}').next());
    let is_number = (row.takes("Path<") || row.takes("Paths<")) && row.inputs.contains("domain::id::");
    let mut all: Vec<Value> = named
        .map(|name| {
            let schema = match is_number {
                true => json!({ "type": "integer", "format": "int64" }),
                false => json!({ "type": "string" }),
            };
            json!({ "name": name, "in": "path", "required": true, "schema": schema })
        })
        .collect();
    for told in row.query.map(|names| names()).unwrap_or_default() {
        let mut parameter = json!({ "name": told.name, "in": "query", "schema": told.schema });
        if let Some(words) = words(told.name) {
            parameter["description"] = words.into();
        }
        all.push(parameter);
    }
    let mut add = |name: &str, kind: &str, words: &str| {
        let schema = json!({ "type": kind });
        all.push(json!({ "name": name, "in": "header", "description": words, "schema": schema }));
    };
    if row.takes("IdempotencyKey") {
        add(
            "Idempotency-Key",
            "string",
            "The same key does the same thing once.",
        );
    }
    if row.takes("IfMatch") {
        add(
            "If-Match",
            "string",
            "The version that was seen, unless the body says it.",
        );
    }
    if row.takes("IfNoneMatch") {
        add("If-None-Match", "string", "304 if it is still this version.");
    }
    add("X-Request-Id", "string", "8 to 64 of letters, digits, _ and -.");
    all
}

/// What a name means that is not plain, and the same in each query.
fn words(name: &str) -> Option<&'static str> {
    Some(match name {
        "after" => "What a page said is `next`.",
        "before" => "The same, to go back.",
        "page" => "For people; page × limit is at most 10,000. Only one of after, before and page.",
        "q" => "Words to look for; the last may be a beginning.",
        "from" | "to" | "at" => "A time of RFC 3339, or a day of the shop, which `to` and `at` take whole.",
        "min_total" | "max_total" | "min_price" | "max_price" => "An amount in the shop's currency.",
        "head" => "The end of the chain as it was noted: id:mac.",
        "actor" => "A user's id, or a kind of caller.",
        "target" => "`order` or `order:7`.",
        "explain" => "`true`: the reply tells where each figure comes from, in `reasons`.",
        "wait" => "Seconds to wait for the next event, if there is none.",
        _ => return None,
    })
}

fn body(row: &Row, shapes: &mut Shapes) -> Option<Value> {
    if row.takes("Upload") {
        let file = json!({});
        return Some(json!({
            "required": true,
            "content": { "image/jpeg": file, "image/png": file, "image/webp": file },
        }));
    }
    row.body.map(|shape| {
        json!({
            "required": row.takes("Json<") || row.takes("Held<"),
            "content": { "application/json": { "schema": shape(shapes) } },
        })
    })
}

fn replies(path: &str, row: &Row, shapes: &mut Shapes) -> Value {
    let mut statuses = vec![429, 500, 503];
    let is_guarded = row.access != Access::Public;
    let has_right = matches!(row.access, Access::Needs(_) | Access::OwnOr(_));
    let has_body = row.body.is_some();
    let changes = !row.method.is_safe();
    // Routes that want no body refuse all but an empty one.
    let takes_none = row.takes("NoBody");
    let has_size = has_body || takes_none || row.takes("Raw") || row.takes("Upload");
    let conditions = [
        (400, has_body || row.query.is_some()),
        // Whoever signs in is not yet known, and may stay so.
        (401, is_guarded || has_body),
        // No other site's page may change anything.
        (403, has_right || changes),
        (404, path.contains('{') || is_found_by_its_body(path, row)),
        (409, changes),
        // A product or a customer that was deleted; events that are no longer kept.
        (
            410,
            ["/products/{", "/customers/{"]
                .iter()
                .any(|noun| path.contains(noun))
                || path.starts_with("/events"),
        ),
        (412, row.takes("IfMatch")),
        (413, has_size),
        (415, has_size),
        (422, has_body || row.takes("Upload")),
        (423, has_body && !is_guarded),
        // Whatever is done by a verb of its own may say what it saw; what is overwritten must.
        (
            428,
            row.takes("IfMatch") && row.method == axum::http::Method::PATCH,
        ),
    ];
    statuses.extend(conditions.iter().filter(|(_, is)| *is).map(|(status, _)| *status));
    let mut all = json!({});
    for status in std::iter::once(row.good.status).chain(row.good.also) {
        all[status.to_string()] = good(row.good, shapes);
    }
    if row.takes("IfNoneMatch") {
        all["304"] = json!({ "description": "Still the version that the caller holds." });
    }
    for status in statuses {
        all[status.to_string()] = json!({ "$ref": "#/components/responses/Problem" });
    }
    all
}

/// Whether what stands in no path may be missing: a thing that the body names by its id, or a route that a shop has only
/// where it is set up for it.
fn is_found_by_its_body(path: &str, row: &Row) -> bool {
    let mut shapes = Shapes::new();
    if let Some(shape) = row.body {
        shape(&mut shapes);
    }
    let told = json!(shapes);
    let shapes = told.as_object().into_iter().flat_map(Map::values);
    let fields = shapes.filter_map(|shape| shape["properties"].as_object());
    let names_a_thing = fields.flat_map(Map::keys).any(|name| name.ends_with("_id"));
    names_a_thing || row.takes("Raw") || path.ends_with("/demo-login")
}

fn good(good: Good, shapes: &mut Shapes) -> Value {
    let mut reply = json!({
        "description": "Done.",
        "headers": { "X-Request-Id": { "schema": { "type": "string" } } },
    });
    if let Some(media) = good.media {
        let schema = match good.body {
            Some(shape) => json!(shape(shapes)),
            None => json!({}),
        };
        reply["content"] = json!({ media: { "schema": schema } });
    }
    reply
}

fn problem() -> Value {
    let numbers: Vec<u16> = Code::ALL.iter().map(|code| code.facts().1).collect();
    let names: Vec<&str> = Code::ALL.iter().map(|code| code.facts().2).collect();
    let distinct = |all: Vec<Value>| {
        let mut kept: Vec<Value> = Vec::new();
        for one in all {
            if !kept.contains(&one) {
                kept.push(one);
            }
        }
        kept
    };
    json!({
        "type": "object",
        "required": ["error"],
        "properties": { "error": {
            "type": "object",
            "required": ["status", "code", "name", "message", "request_id", "fields"],
            "properties": {
                "status": { "type": "integer" },
                "code": { "type": "integer", "enum": distinct(numbers.into_iter().map(Value::from).collect()) },
                "name": { "type": "string", "enum": distinct(names.into_iter().map(Value::from).collect()) },
                "message": { "type": "string" },
                "request_id": { "type": "string" },
                "fields": { "type": "array", "items": {
                    "type": "object",
                    "properties": {
                        "field": { "type": "string" },
                        "code": { "type": "integer" },
                        "message": { "type": "string" },
                    },
                } },
                "details": {},
            },
        } },
    })
}

fn problem_reply() -> Value {
    let text = json!({ "schema": { "type": "string" } });
    json!({
        "description": "A failure: its number says which (/api/docs/codes).",
        "headers": { "X-Request-Id": text, "Retry-After": text },
        "content": {
            "application/json": { "schema": { "$ref": "#/components/schemas/Problem" } },
            "application/problem+json": { "schema": { "type": "object" } },
        },
    })
}
