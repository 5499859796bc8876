//! How a cart reads as JSON: each figure, where it comes from, and what the buyer should know.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::cart::CartItem;
use crate::domain::cart::Notice;
use crate::domain::coupon::Coupon;
use crate::domain::coupon::CouponKind;
use crate::domain::coupon::Unfit;
use crate::domain::money::Amount;
use crate::domain::money::Currency;
use crate::domain::money::Money;
use crate::domain::pricing::Priced;
use crate::domain::pricing::PricedLine;
use crate::domain::pricing::Reason;
use crate::domain::settings::Terms;
use crate::domain::time::Timestamp;
use crate::shop::reasons;
use crate::shop::reasons::FiguresView;
use crate::shop::reasons::ReasonView;

/// A cart as the API shows it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Cart)]
pub struct CartView {
    items: Vec<ItemView>,
    coupon: Option<CouponView>,
    currency: String,
    #[serde(flatten)]
    figures: FiguresView,
    warnings: Vec<NoticeView>,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = CartItem)]
struct ItemView {
    /// The variant's.
    id: i64,
    product_id: i64,
    variant_id: i64,
    sku: String,
    name: String,
    quantity: i64,
    /// How many there are.
    available: i64,
    snapshot_price: Amount,
    priced_at: Timestamp,
    /// Nothing while it is not for sale.
    current_price: Option<Amount>,
    unit_price: Option<Amount>,
    discount: Option<Amount>,
    tax: Option<Amount>,
    total: Option<Amount>,
    /// Whether the price has moved by more than a tenth since it was put in.
    price_drift: bool,
    reasons: Vec<ReasonView>,
}

/// The coupon of a cart.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = CartCoupon)]
struct CouponView {
    code: String,
    kind: CouponKind,
    /// Whether it holds for what is in the cart now.
    applies: bool,
    /// Why not.
    reason: Option<&'static str>,
}

/// The coupon of a cart as it stands.
pub(super) enum CouponOf {
    /// It has none.
    None,
    /// It has been deleted since.
    Gone,
    /// It has this one, which holds unless it says why not.
    Is(Box<Coupon>, Option<Unfit>),
}

impl CouponOf {
    fn view(&self) -> Option<CouponView> {
        let Self::Is(coupon, unfit) = self else {
            return None;
        };
        Some(CouponView {
            code: coupon.code.clone(),
            kind: CouponKind::of(coupon.worth),
            applies: unfit.is_none(),
            reason: unfit.map(Unfit::name),
        })
    }

    fn notice(&self) -> Option<NoticeView> {
        let unfit = match self {
            Self::None | Self::Is(_, None) => return None,
            Self::Gone => Unfit::Unknown,
            Self::Is(_, Some(unfit)) => *unfit,
        };
        Some(NoticeView {
            message: unfit.sentence(),
            ..NoticeView::of(Notice::Coupon)
        })
    }
}

/// What the buyer should know.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = CartNotice)]
struct NoticeView {
    code: Notice,
    message: &'static str,
    item_id: Option<i64>,
    sku: Option<String>,
    /// How many are wanted, where that is too many.
    requested: Option<i64>,
    available: Option<i64>,
}

/// Whether a cart could become an order.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = CartVerdict)]
pub struct VerdictView {
    valid: bool,
    errors: Vec<NoticeView>,
    warnings: Vec<NoticeView>,
}

impl CartView {
    /// The priced lines are those of the items that are for sale, in their order.
    pub(super) fn new(items: &[CartItem], priced: &Priced, terms: &Terms, coupon: &CouponOf) -> Self {
        let write = Writer {
            currency: terms.currency,
            priced,
        };
        let mut lines = priced.lines.iter();
        let shown = items.iter().map(|item| {
            let line = item.current().and_then(|_| lines.next());
            write.item(item, line)
        });
        Self {
            items: shown.collect(),
            coupon: coupon.view(),
            currency: terms.currency.to_string(),
            figures: FiguresView::new(priced, terms),
            warnings: items.iter().flat_map(notices).chain(coupon.notice()).collect(),
        }
    }

    /// What stands in the way, and what does not.
    pub(super) fn verdict(self) -> VerdictView {
        let (mut errors, warnings): (Vec<_>, Vec<_>) = self
            .warnings
            .into_iter()
            .partition(|notice| notice.code.is_error());
        if self.items.is_empty() {
            errors.push(NoticeView::of(Notice::Empty));
        }
        VerdictView {
            valid: errors.is_empty(),
            errors,
            warnings,
        }
    }
}

impl NoticeView {
    fn of(code: Notice) -> Self {
        Self {
            code,
            message: code.sentence(),
            item_id: None,
            sku: None,
            requested: None,
            available: None,
        }
    }
}

fn notices(item: &CartItem) -> Vec<NoticeView> {
    let dress = |code| {
        let is_about_stock = matches!(code, Notice::OutOfStock | Notice::Short | Notice::Capped);
        NoticeView {
            item_id: Some(item.offer.variant.0),
            sku: Some(item.offer.sku.clone()),
            requested: is_about_stock.then(|| item.wanted.unwrap_or(item.quantity)),
            available: is_about_stock.then_some(item.offer.available),
            ..NoticeView::of(code)
        }
    };
    item.notices().into_iter().map(dress).collect()
}

/// Writes amounts and the reasons behind them.
struct Writer<'a> {
    currency: Currency,
    priced: &'a Priced,
}

impl Writer<'_> {
    fn item(&self, item: &CartItem, line: Option<&PricedLine>) -> ItemView {
        let offer = &item.offer;
        let money = |figure: fn(&PricedLine) -> Money| line.map(|line| figure(line).write(self.currency));
        ItemView {
            id: offer.variant.0,
            product_id: offer.product.0,
            variant_id: offer.variant.0,
            sku: offer.sku.clone(),
            name: offer.full_name(),
            quantity: item.quantity,
            available: if item.is_gone { 0 } else { offer.available },
            snapshot_price: item.shown.price.write(self.currency),
            priced_at: item.shown.at,
            current_price: item.current().map(|price| price.write(self.currency)),
            unit_price: money(|line| line.unit),
            discount: money(|line| line.discount),
            tax: money(|line| line.tax),
            total: money(|line| line.total),
            price_drift: line.is_some_and(|line| line.drift.is_some()),
            reasons: line.map(|line| self.reasons(&line.reasons)).unwrap_or_default(),
        }
    }

    fn reasons(&self, reasons: &[Reason]) -> Vec<ReasonView> {
        reasons::view(reasons, &self.priced.taxes, self.currency)
    }
}
