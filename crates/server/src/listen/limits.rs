use std::time::Duration;

/// How much, and how long, a peer may take before it is cut off.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections served at the same time.
    pub connections: usize,
    /// Connections that one peer may have, waiting or served: an IPv4 address or an IPv6 /64. Not counted for a TLS
    /// proxy, which is whoever speaks plain http from loopback (ATK-DOS-10).
    pub connections_per_peer: usize,
    /// Requests at the same time on one HTTP/2 connection.
    pub streams: u32,
    /// Connections that may wait for a place beside those; more are closed at once.
    pub waiting: usize,
    /// How long a connection waits for a place before it is closed.
    pub wait: Duration,
    /// From connection to the end of the TLS handshake.
    pub handshake: Duration,
    /// From the first moment a request is expected to the end of its head; over HTTP/1.1 also the longest pause
    /// between two requests.
    pub header_read: Duration,
    /// The longest time a connection is kept with no request running on it.
    pub idle: Duration,
    /// From the end of the head to the last byte of the body.
    pub body_read: Duration,
    /// From the end of the head to the answer.
    pub request: Duration,
    /// How long running answers may take once the server shuts down, or a closed connection to send its last bytes.
    pub drain: Duration,
    /// Bytes of a request target (ATK-DOS-10).
    pub uri_bytes: usize,
    /// Bytes of a request's head, target included.
    pub header_bytes: usize,
    /// Bytes of a request's body (PAR-01).
    pub body_bytes: usize,
    /// Bytes of all bodies in memory at the same time, over all connections. More are refused (ATK-DOS-10).
    pub bodies_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 1024,
            connections_per_peer: 64,
            streams: 16,
            waiting: 256,
            wait: Duration::from_secs(5),
            handshake: Duration::from_secs(10),
            header_read: Duration::from_secs(10),
            idle: Duration::from_secs(60),
            body_read: Duration::from_secs(10),
            request: Duration::from_secs(30),
            drain: Duration::from_secs(15),
            uri_bytes: 32 * 1024,
            header_bytes: 48 * 1024,
            body_bytes: 128 * 1024,
            bodies_bytes: 128 * 1024 * 1024,
        }
    }
}
