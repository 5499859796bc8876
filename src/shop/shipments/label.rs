//! Changing who carries a shipment, and where it can be followed.

use crate::domain::actor::Actor;
use crate::domain::audit::Action;
use crate::domain::audit::Target;
use crate::domain::id::OrderId;
use crate::domain::id::ShipmentId;
use crate::domain::permission::Permission;
use crate::domain::shipment::LabelFields;
use crate::error::Error;
use crate::error::Result;
use crate::shop::Tx;
use crate::shop::audit;
use crate::shop::shipments::ShipmentView;
use crate::shop::version;
use crate::store;

/// Changes the label of a shipment; what is not said stays. What went with it is done.
///
/// Refused with `VersionMissing` or `Stale`, with `Fields` where it is not well formed.
pub fn relabel(
    tx: &Tx,
    by: &Actor,
    order: OrderId,
    id: ShipmentId,
    seen: Option<i64>,
    asked: &LabelFields,
) -> Result<ShipmentView> {
    by.require(Permission::OrdersUpdateStatus)?;
    let order = store::orders::get(tx, order)?;
    let shipment = store::shipments::get(tx, id)?;
    if shipment.order != order.head.id {
        return Err(Error::NotFound("shipment"));
    }
    let before = ShipmentView::whole(&shipment, &order);
    version::require(seen, before.version, || before.clone())?;
    let label = asked.clone().onto(shipment.label)?;
    store::shipments::relabel(tx, id, &label)?;
    let former = serde_json::to_string(&before).map_err(|cause| Error::Internal(cause.into()))?;
    let target = (Target::Shipment, Some(id.0));
    audit::note(tx, by, Action::ShipmentChanged, target, None, Some(&former))?;
    Ok(ShipmentView::whole(&store::shipments::get(tx, id)?, &order))
}
