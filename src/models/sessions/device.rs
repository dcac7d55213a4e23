//! A name by which people know a device, "Firefox on Linux", and whether it is a new one.

use sea_orm::{
    ConnectionTrait, DbErr, QueryOrder, QuerySelect, QueryTrait,
    entity::prelude::*,
    sea_query::{Alias, Query},
};

use super::{Column, Entity, Origin};
use crate::models::Result;

/// So many of a user's latest logins are looked at.
const LOOKED_AT: u64 = 50;

/// The first that the user agent mentions; what others claim to be comes later in the list.
const BROWSERS: [(&str, &str); 12] = [
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
    ("PostmanRuntime/", "Postman"),
    ("python", "Python"),
    ("okhttp/", "OkHttp"),
];

const SYSTEMS: [(&str, &str); 8] = [
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Macintosh", "macOS"),
    ("Linux", "Linux"),
];

pub fn name(user_agent: Option<&str>) -> String {
    let agent = user_agent.unwrap_or_default();
    let find = |known: &[(&str, &'static str)]| {
        known
            .iter()
            .find(|(mark, _)| agent.contains(mark))
            .map(|(_, name)| *name)
    };
    match (find(&BROWSERS), find(&SYSTEMS)) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(one), None) | (None, Some(one)) => one.to_string(),
        (None, None) => "Unknown device".to_string(),
    }
}

/// Is this the first login of a user from here, and not the first of all? A device is known by its
/// cookie, or by its name and address together.
pub async fn is_new(db: &impl ConnectionTrait, user_id: Uuid, origin: &Origin) -> Result<bool> {
    if origin.known_to == Some(user_id) {
        return Ok(false);
    }
    let seen = [Column::UserAgent, Column::IpAddress];
    let latest = Entity::find()
        .select_only()
        .columns(seen)
        .filter(Column::UserId.eq(user_id))
        .order_by_desc(Column::Id)
        .limit(LOOKED_AT);
    // Most are from the same few.
    let mut each = Query::select();
    each.distinct()
        .columns(seen)
        .from_subquery(latest.into_query(), Alias::new("latest"));
    let logins = db.query_all(&each).await?;
    let logins: Vec<(Option<String>, Option<String>)> = logins
        .iter()
        .map(|login| Ok((login.try_get_by_index(0)?, login.try_get_by_index(1)?)))
        .collect::<Result<_, DbErr>>()?;
    let address = origin.address.map(|address| address.to_string());
    let this = name(origin.user_agent.as_deref());
    let known = logins
        .iter()
        .any(|(agent, from)| *from == address && name(agent.as_deref()) == this);
    Ok(!known && !logins.is_empty())
}
