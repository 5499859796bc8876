//! Coupons: what staff make and change, and the uses that orders take and give back.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::actor::Actor;
use crate::domain::audit::Action;
use crate::domain::audit::Target;
use crate::domain::coupon::Coupon;
use crate::domain::coupon::CouponFields;
use crate::domain::coupon::CouponKind;
use crate::domain::coupon::Unfit;
use crate::domain::coupon::Worth;
use crate::domain::fault::Bad;
use crate::domain::id::CouponId;
use crate::domain::id::CustomerId;
use crate::domain::money::Amount;
use crate::domain::money::Currency;
use crate::domain::permission::Permission;
use crate::domain::refusal::Refusal;
use crate::domain::time::Timestamp;
use crate::error::Error;
use crate::error::Result;
use crate::shop::Snapshot;
use crate::shop::Tx;
use crate::shop::audit;
use crate::shop::once::Key;
use crate::shop::once::Made;
use crate::shop::once::Once;
use crate::shop::once::once;
use crate::shop::version;
use crate::store;

/// A coupon as the API shows it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Coupon)]
pub struct CouponView {
    id: i64,
    code: String,
    kind: CouponKind,
    /// Percent or an amount, by the kind.
    value: Option<String>,
    currency: String,
    limit: Option<i64>,
    per_customer: Option<i64>,
    min_subtotal: Option<Amount>,
    starts_at: Option<Timestamp>,
    ends_at: Option<Timestamp>,
    products: Vec<i64>,
    /// Whom it is for; none: everybody.
    groups: Vec<i64>,
    enabled: bool,
    used: i64,
    created_at: Timestamp,
    updated_at: Timestamp,
    /// The version, as the tag of the reply has it.
    pub version: i64,
}

impl CouponView {
    fn new(coupon: &Coupon, currency: Currency) -> Self {
        Self {
            id: coupon.id.0,
            code: coupon.code.clone(),
            kind: CouponKind::of(coupon.worth),
            value: match coupon.worth {
                Worth::Percentage(percent) => Some(percent.to_string()),
                Worth::Fixed(amount) => Some(amount.write(currency).to_string()),
                Worth::FreeShipping => None,
            },
            currency: currency.to_string(),
            limit: coupon.limit,
            per_customer: coupon.per_customer,
            min_subtotal: coupon.min_subtotal.map(|least| least.write(currency)),
            starts_at: coupon.starts_at,
            ends_at: coupon.ends_at,
            products: coupon.products.iter().map(|product| product.0).collect(),
            groups: coupon.groups.iter().map(|group| group.0).collect(),
            enabled: coupon.is_enabled,
            used: coupon.used,
            created_at: coupon.created_at,
            updated_at: coupon.updated_at,
            version: coupon.version,
        }
    }
}

/// Every coupon, newest first.
pub fn list(db: &Snapshot, by: &Actor) -> Result<Vec<CouponView>> {
    by.require(Permission::CouponsRead)?;
    let currency = store::settings::terms(db)?.currency;
    let coupons = store::coupons::all(db)?;
    Ok(coupons
        .iter()
        .map(|coupon| CouponView::new(coupon, currency))
        .collect())
}

fn view(db: &Snapshot, id: CouponId) -> Result<CouponView> {
    let currency = store::settings::terms(db)?.currency;
    Ok(CouponView::new(&store::coupons::get(db, id)?, currency))
}

/// Makes a coupon.
///
/// Refused with `Fields` where it is not well formed, with `AlreadyExists` if its code is in use.
pub fn create(tx: &Tx, by: &Actor, key: Option<&Key>, asked: &CouponFields) -> Result<Once<CouponView>> {
    by.require(Permission::CouponsCreate)?;
    once(
        tx,
        key,
        Made::Coupon,
        |id| view(tx, CouponId(id)),
        || {
            for (field, is_there) in [("code", asked.code.is_some()), ("kind", asked.kind.is_some())] {
                if !is_there {
                    return Err(Bad::missing().at(field).into());
                }
            }
            let coupon = with(tx, Coupon::blank(tx.now), asked)?;
            let id = store::coupons::insert(tx, &coupon)?;
            audit::note(
                tx,
                by,
                Action::CouponCreated,
                (Target::Coupon, Some(id.0)),
                None,
                None,
            )?;
            Ok((id.0, view(tx, id)?))
        },
    )
}

/// A coupon with what is asked for, of products and groups that exist.
fn with(tx: &Tx, coupon: Coupon, asked: &CouponFields) -> Result<Coupon> {
    let currency = store::settings::terms(tx)?.currency;
    let coupon = asked.clone().onto(coupon, currency)?;
    for (at, product) in asked.products.iter().flatten().enumerate() {
        match store::products::get(tx, *product) {
            Err(Error::NotFound(_)) => {
                let bad = Bad::input("There is no such product.");
                return Err(bad.at(format!("products[{at}]")).into());
            }
            found => drop(found?),
        }
    }
    for (at, group) in asked.groups.iter().flatten().enumerate() {
        if store::groups::find(tx, *group)?.is_none() {
            let bad = Bad::input("There is no such group.");
            return Err(bad.at(format!("groups[{at}]")).into());
        }
    }
    Ok(coupon)
}

/// Changes a coupon; what is not said stays.
///
/// Refused with `VersionMissing` or `Stale`, and as its making.
pub fn update(
    tx: &Tx,
    by: &Actor,
    id: CouponId,
    seen: Option<i64>,
    asked: &CouponFields,
) -> Result<CouponView> {
    by.require(Permission::CouponsUpdate)?;
    let before = view(tx, id)?;
    version::require(seen, before.version, || before.clone())?;
    let coupon = with(tx, store::coupons::get(tx, id)?, asked)?;
    store::coupons::update(tx, &coupon)?;
    audit::note_former(tx, by, Action::CouponChanged, (Target::Coupon, id.0), &before)?;
    view(tx, id)
}

/// Deletes a coupon; its code is free again, and the orders that use it keep their discount.
pub fn delete(tx: &Tx, by: &Actor, id: CouponId, seen: Option<i64>) -> Result<()> {
    by.require(Permission::CouponsDelete)?;
    let before = view(tx, id)?;
    version::allow(seen, before.version, || before.clone())?;
    store::coupons::delete(tx, id)?;
    audit::note_former(tx, by, Action::CouponDeleted, (Target::Coupon, id.0), &before)
}

/// How many orders of a customer have used a coupon, where that counts.
pub(in crate::shop) fn used_by(db: &Snapshot, coupon: &Coupon, customer: Option<CustomerId>) -> Result<i64> {
    match (coupon.per_customer, customer) {
        (Some(_), Some(customer)) => store::coupons::used_by(db, coupon.id, customer),
        _ => Ok(0),
    }
}

/// Takes a use of a coupon for an order that is about to be written: of any number at once no more get it than may.
///
/// Refused with `NotAllowed` if it is used up.
pub(in crate::shop) fn take(tx: &Tx, coupon: &Coupon, customer: CustomerId) -> Result<()> {
    if !store::coupons::take(tx, coupon.id)? {
        return Err(Refusal::from(Unfit::UsedUp).into());
    }
    match coupon.per_customer {
        Some(most) if !store::coupons::take_own(tx, coupon.id, customer, most)? => {
            Err(Refusal::from(Unfit::UsedByYou).into())
        }
        _ => Ok(()),
    }
}
