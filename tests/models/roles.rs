//! The roles, as code, database and answers name them.

use rollcall::models::users::Role;
use sea_orm::{ActiveEnum, Iterable};

#[test]
fn a_role_has_one_name_everywhere() {
    for role in Role::iter() {
        let name = role.as_str();

        assert_eq!(Role::parse(name), Some(role));
        assert_eq!(role.to_value().value, name);
        assert_eq!(serde_json::to_value(role).unwrap(), name);
    }
    assert_eq!(Role::parse("Admin"), None);
}

#[test]
fn some_role_administers_and_the_default_one_does_not() {
    assert!(Role::administrators().next().is_some());
    assert!(!Role::DEFAULT.is_admin());
    assert!(Role::DEFAULT.is_for_anybody());
}
