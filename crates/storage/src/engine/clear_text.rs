//! What goes to PostgreSQL goes in clear text: password, codes' digests, people's names. On one machine that is fine.

use std::net::IpAddr;

use tokio_postgres::{
    Config,
    config::{Host, SslMode},
};

use crate::StorageError;

/// Refuses a server on another machine, unless the URL says in so many words that clear text is wanted (NET-01).
///
/// # Errors
/// [`StorageError::Open`], with what would pass.
pub(super) fn refuse(config: &Config) -> Result<(), StorageError> {
    match config.get_ssl_mode() {
        SslMode::Disable => Ok(()),
        SslMode::Prefer if is_local(config) => Ok(()),
        SslMode::Prefer => {
            Err(refusal("the server is on another machine, and the URL does not say how to reach it"))
        }
        _ => Err(refusal("the URL asks for TLS")),
    }
}

fn refusal(wrong: &str) -> StorageError {
    StorageError::Open(format!(
        "{wrong}, but this program does not speak TLS to PostgreSQL yet (NET-01); what would pass: a Unix socket, a \
         loopback address (such as that of a TLS tunnel), or sslmode=disable in the URL if everything sent may be \
         read and changed on the way, as on a network of one's own"
    ))
}

/// An address that is given is where the connection goes, whatever name stands beside it.
fn is_local(config: &Config) -> bool {
    match config.get_hostaddrs() {
        [] => config.get_hosts().iter().all(|host| match host {
            Host::Unix(_) => true,
            Host::Tcp(name) => name == "localhost" || name.parse().is_ok_and(|address| is_loopback(&address)),
        }),
        addresses => addresses.iter().all(is_loopback),
    }
}

fn is_loopback(address: &IpAddr) -> bool {
    address.to_canonical().is_loopback()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(url: &str) -> Result<(), StorageError> {
        refuse(&url.parse().unwrap())
    }

    #[test]
    fn net_01_clear_text_stays_on_this_machine() {
        for url in [
            "postgresql://u:p@localhost/db",
            "postgresql://u:p@127.0.0.1:5433/db",
            "postgresql://u:p@[::1]/db",
            "postgresql://u@%2Frun%2Fpostgresql/db",
            "host=/run/postgresql user=u",
            "host=db.example hostaddr=127.0.0.1 user=u",
            "postgresql://u:p@db.example/db?sslmode=disable",
            "postgresql://u:p@192.0.2.1/db?sslmode=disable",
        ] {
            assert_eq!(judge(url), Ok(()), "{url}");
        }
    }

    #[test]
    fn net_01_another_machine_is_refused_unless_clear_text_is_asked_for() {
        for url in [
            "postgresql://u:secret@db.example/db",
            "postgresql://u:secret@192.0.2.1/db?sslmode=prefer",
            "postgresql://u:secret@localhost.example/db",
            "postgresql://u:secret@localhost,db.example/db",
            "host=localhost hostaddr=192.0.2.1 user=u password=secret",
            "postgresql://u:secret@db.example/db?sslmode=require",
            "postgresql://u:secret@127.0.0.1/db?sslmode=require",
        ] {
            let refused = judge(url).unwrap_err().to_string();
            assert!(refused.contains("NET-01") && refused.contains("sslmode=disable"), "{url}: {refused}");
            assert!(!refused.contains("secret"), "{url}: {refused}");
        }
    }
}
