//! What a probe asks of the shop. It is nobody's act and changes nothing that anybody sees: no event, no audit row.

use crate::error::Result;
use crate::shop::Tx;
use crate::store;

/// Whether the file can be written, by writing it.
pub fn can_write(tx: &Tx) -> Result<()> {
    store::checks::touch(tx)
}
