//! The pictures of a product over JSON; a new one is sent as it is.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::domain::fault::Bad;
use crate::domain::id::ImageId;
use crate::domain::id::ProductId;
use crate::domain::image::Image;
use crate::domain::image::MOST_ALT;
use crate::domain::image::MOST_BYTES;
use crate::domain::image::MOST_OF_A_PRODUCT;
use crate::domain::product::Product;
use crate::domain::text;
use crate::error::Result;
use crate::http::api::products::list::tag_of;
use crate::http::extract::CurrentUser;
use crate::http::extract::Json;
use crate::http::extract::MaybeJson;
use crate::http::extract::Path;
use crate::http::extract::Paths;
use crate::http::extract::Upload;
use crate::http::list::Asks;
use crate::http::list::ListQuery;
use crate::http::version;
use crate::http::version::IfMatch;
use crate::http::version::IfNoneMatch;
use crate::shop::catalogue::ImageView;
use crate::shop::images;
use crate::shop::images::ImageChange;
use crate::shop::images::NewImage;

/// A picture, with the tag of its product as it is now.
fn shown(status: StatusCode, product: &Product, image: &Image) -> Result<Response> {
    let view = ImageView::new(image);
    version::tagged(status, &tag_of(product), &IfNoneMatch::default(), &view)
}

/// What is said of a new picture.
pub struct Alt(String);

impl Asks for Alt {
    type By = ();

    fn read(query: &mut ListQuery, (): &()) -> Self {
        Self(query.line("alt", MOST_ALT).unwrap_or_default())
    }
}

pub async fn create(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    Path(id): Path<ProductId>,
    Upload(Alt(alt), body): Upload<Alt>,
) -> Result<Response> {
    let asking = by.clone();
    app.read(move |db| images::may_change(db, &asking, id)).await?;
    let _turn = app.turn_of_picture().await?;
    let bytes = body.read(MOST_BYTES).await?;
    let dir = app.dir().to_owned();
    let drawn = app.draw(move || {
        let new = NewImage::draw(&bytes)?;
        new.lay(&dir)?;
        Ok(new)
    });
    let new = drawn.await?;
    let added = app.write(move |tx| images::add(tx, &by, id, &new, &alt)).await?;
    let status = match added.is_new {
        true => StatusCode::CREATED,
        false => StatusCode::OK,
    };
    shown(status, &added.product, &added.image)
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateImage {
    #[schema(max_length = 300)]
    alt: Option<String>,
    #[schema(minimum = 1, maximum = 20)]
    position: Option<i64>,
    version: Option<i64>,
}

impl UpdateImage {
    fn parse(self) -> Result<ImageChange> {
        let alt = self.alt.map(|alt| text::line(&alt, 0, MOST_ALT)).transpose();
        let most = MOST_OF_A_PRODUCT as i64;
        let position = match self.position {
            Some(position) if !(1..=most).contains(&position) => {
                let bad = Bad::invalid(format!("must be from 1 to {most}"));
                return Err(bad.at("position").into());
            }
            position => position.map(|position| position as usize),
        };
        Ok(ImageChange {
            alt: alt.map_err(|bad| bad.at("alt"))?,
            position,
        })
    }
}

pub async fn update(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    Paths(id, image): Paths<ProductId, ImageId>,
    held: IfMatch,
    Json(body): Json<UpdateImage>,
) -> Result<Response> {
    let seen = held.or_body(body.version)?;
    let change = body.parse()?;
    let product = app
        .write(move |tx| images::update(tx, &by, (id, image), seen, &change))
        .await?;
    shown(StatusCode::OK, &product, images::find(&product, image)?)
}

#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeleteImage {
    version: Option<i64>,
}

pub async fn destroy(
    State(app): State<App>,
    CurrentUser(by): CurrentUser,
    Paths(id, image): Paths<ProductId, ImageId>,
    held: IfMatch,
    MaybeJson(body): MaybeJson<DeleteImage>,
) -> Result<StatusCode> {
    let seen = held.or_body(body.version)?;
    app.write(move |tx| images::remove(tx, &by, (id, image), seen))
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
