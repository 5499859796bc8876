//! Markup that we have drawn ourselves and that goes into a page as it is: the only type that escaping passes over
//! (WEB-04). Nothing that anybody has typed is in it.

use std::fmt;

use askama::filters::HtmlSafe;

use crate::error::Result;
use crate::shop::factors::Enrolment;

/// A drawing as an `<svg>` element.
pub struct Drawn(String);

impl Drawn {
    /// The code that an authenticator scans.
    pub fn enrolment(enrolment: &Enrolment) -> Result<Self> {
        enrolment.qr_svg().map(Self)
    }
}

impl HtmlSafe for Drawn {}

impl fmt::Display for Drawn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
