//! What a role may do: every right by its public name, and a set of them.

/// Declares the rights with their public names, in the order in which their bits stand.
macro_rules! permissions {
    ($($name:ident = $text:literal),+ $(,)?) => {
        /// One right: `resource:verb`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[allow(missing_docs, reason = "the public name says it")]
        pub enum Permission { $($name),+ }

        impl Permission {
            /// Every right.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// Its public name.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text),+ }
            }
        }
    };
}

permissions! {
    OrdersRead = "orders:read",
    OrdersCreate = "orders:create",
    OrdersUpdateStatus = "orders:update-status",
    OrdersCancel = "orders:cancel",
    OrdersEdit = "orders:edit",
    OrdersNote = "orders:note",
    OrdersExport = "orders:export",
    RefundsRead = "refunds:read",
    RefundsCreate = "refunds:create",
    PaymentsRead = "payments:read",
    PaymentsCreate = "payments:create",
    PaymentsUpdate = "payments:update",
    ProductsRead = "products:read",
    ProductsCreate = "products:create",
    ProductsUpdate = "products:update",
    ProductsDelete = "products:delete",
    ProductsApprove = "products:approve",
    ProductsOwn = "products:own",
    StockRead = "stock:read",
    StockUpdate = "stock:update",
    CustomersRead = "customers:read",
    CustomersCreate = "customers:create",
    CustomersUpdate = "customers:update",
    CustomersDelete = "customers:delete",
    CustomersStatistics = "customers:statistics",
    CustomersBatchUpdate = "customers:batch-update",
    CustomersExport = "customers:export",
    GroupsRead = "customer-groups:read",
    GroupsCreate = "customer-groups:create",
    GroupsUpdate = "customer-groups:update",
    GroupsDelete = "customer-groups:delete",
    GroupsManageMembers = "customer-groups:manage-members",
    WalletRead = "wallet:read",
    WalletManage = "wallet:manage",
    CommissionsRead = "commissions:read",
    CommissionsManage = "commissions:manage",
    CouponsRead = "coupons:read",
    CouponsCreate = "coupons:create",
    CouponsUpdate = "coupons:update",
    CouponsDelete = "coupons:delete",
    ShippingRead = "shipping:read",
    ShippingManage = "shipping:manage",
    TaxRead = "tax:read",
    TaxManage = "tax:manage",
    WebhooksRead = "webhooks:read",
    WebhooksManage = "webhooks:manage",
    EventsRead = "events:read",
    EventsConsume = "events:consume",
    MailsRead = "mails:read",
    MailsUpdate = "mails:update",
    ApiKeysRead = "api-keys:read",
    ApiKeysManage = "api-keys:manage",
    UsersRead = "users:read",
    UsersCreate = "users:create",
    UsersUpdate = "users:update",
    RolesRead = "roles:read",
    RolesManage = "roles:manage",
    AuditRead = "audit-logs:read",
    SettingsRead = "settings:read",
    SettingsUpdate = "settings:update",
    SystemRead = "system:read",
    SystemManage = "system:manage",
    BackupsRead = "backups:read",
    BackupsManage = "backups:manage",
}

/// A set of rights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rights(u128);

impl Rights {
    /// No right at all.
    pub const NONE: Self = Self(0);
    /// Every right, also those that come later.
    pub const ALL: Self = Self(u128::MAX);

    /// Reads one granted name: `orders:read`, `orders:*`, `orders:manage` or `*`. Unknown names grant nothing.
    pub fn parse(grant: &str) -> Option<Self> {
        if grant == "*" {
            return Some(Self::ALL);
        }
        let (resource, verb) = grant.split_once(':')?;
        let whole = matches!(verb, "*" | "manage");
        let mut rights = Self::NONE;
        for permission in Permission::ALL {
            let (of, _) = permission.name().split_once(':')?;
            if permission.name() == grant || (whole && of == resource) {
                rights.0 |= 1 << *permission as u32;
            }
        }
        (rights != Self::NONE).then_some(rights)
    }

    /// Both sets together.
    pub fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What is in both sets.
    pub fn within(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// The first right that is in this set and not in `other`.
    pub fn beyond(self, other: Self) -> Option<Permission> {
        let mut all = Permission::ALL.iter().copied();
        all.find(|right| self.hold(*right) && !other.hold(*right))
    }

    /// Whether the right is in the set.
    pub fn hold(self, permission: Permission) -> bool {
        self.0 & (1 << permission as u32) != 0
    }

    /// Whether every right of `other` is in this set.
    pub fn cover(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// The names of the rights in the set.
    pub fn names(self) -> Vec<&'static str> {
        Permission::ALL
            .iter()
            .filter(|permission| self.hold(**permission))
            .map(|permission| permission.name())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resource_wide_grant_holds_its_verbs_and_no_others() {
        let rights = Rights::parse("orders:*").unwrap();
        assert!(rights.hold(Permission::OrdersCancel));
        assert!(!rights.hold(Permission::RefundsCreate));
        assert_eq!(Rights::parse("orders:manage"), Some(rights));
        assert!(Rights::parse("*").unwrap().cover(rights));
        assert_eq!(Rights::parse("orders:fly"), None);
        assert_eq!(Rights::parse("groups:*"), None);
    }
}
